"""Compile: a protocol under bounds becomes C, and the machine's own compiler makes its search. Same counts, always.

`explore(model, engine="auto" | "c" | "python", every, symmetry, threads, max_states, max_bytes, progress)` gives a
`SearchResult`, as `search` does. `terms` and `source` write the C, `packing` lays states out in 64-bit words,
`engine.c` and `symmetry.c` search, `library` compiles and caches, `native` binds. What cannot be compiled is
`Uncompilable`.
"""

from brokerlaw.spec.language.compiler.emitter import Uncompilable
from brokerlaw.spec.language.compiler.explore import Engine, explore
from brokerlaw.spec.language.compiler.native import MOST_THREADS, Native

__all__ = ["MOST_THREADS", "Engine", "Native", "Uncompilable", "explore"]
