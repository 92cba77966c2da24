"""Which protocols there are, and how a name becomes one: `load("replication")`, `load("my_protocol.py:TwoPhase")`."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Final

from brokerlaw.spec.language import Protocol, SpecError
from brokerlaw.spec.language.extension import check_extends
from brokerlaw.spec.scripts import execute, module_of
from brokerlaw.spec.text import did_you_mean, shown

PROTOCOLS: Final[dict[str, str]] = {
    "two_phase_commit": "brokerlaw.spec.protocols.two_phase_commit:TwoPhaseCommit",
    "delivery": "brokerlaw.spec.protocols.delivery:Delivery",
    "queue": "brokerlaw.spec.protocols.queue:Queue",
    "groups_classic": "brokerlaw.spec.protocols.groups_classic:GroupsClassic",
    "groups_next": "brokerlaw.spec.protocols.groups_next:GroupsNext",
    "replication": "brokerlaw.spec.protocols.replication:Replication",
    "isr_update": "brokerlaw.spec.protocols.isr_update:IsrUpdate",
    "idempotence": "brokerlaw.spec.protocols.idempotence:Idempotence",
    "transactions": "brokerlaw.spec.protocols.transactions:Transactions",
}
"""Each protocol that comes with brokerlaw, as `module:Class`. Its variants are subclasses beside it."""


def load(name: str) -> type[Protocol]:
    """Give the protocol of that name, or the class in a file of the user's own: `path/to/file.py:Class`.

    Such a file is executed, as `python path/to/file.py` would. Raises a SpecError of one line.
    """
    path, _, member = name.partition(":")
    if path.endswith(".py"):
        return _of_file(Path(path), member)
    key = name.replace("-", "_").lower()
    if key not in PROTOCOLS:
        mend = _near(name, PROTOCOLS) or f"; there are {', '.join(PROTOCOLS)}, or FILE.py:CLASS for your own"
        raise SpecError(f"no protocol is called {name!r}{mend}")
    module, _, member = PROTOCOLS[key].partition(":")
    found: type[Protocol] = getattr(import_module(module), member)
    return found


def variants(protocol: type[Protocol]) -> dict[str, type[Protocol]]:
    """Give the variants of a protocol by name: the subclasses beside it or in its `_unsound` module, in their order."""
    beside = f"{protocol.__module__}_unsound"
    if beside.startswith(f"{__package__}.") and find_spec(beside):
        import_module(beside)
    return {each.__name__: each for each in _below(protocol)}


def proof(protocol: type[Protocol]) -> type[Protocol]:
    """Give the protocol with the lemmas of its proof; itself where it has none, or is a proof already.

    The proof of X is the subclass XProof, in X's own module or in `_proof` beside it. Raises a SpecError if it changes
    an action, a guard, an update or a claim of X: it would be a proof of another protocol.
    """
    beside = f"{protocol.__module__}_proof"
    if beside.startswith(f"{__package__}.") and find_spec(beside):
        import_module(beside)
    modules = (protocol.__module__, beside)
    proofs = (each for each in protocol.__subclasses__() if each.__module__ in modules and _proved(each))
    found = protocol if _proved(protocol) else next(proofs, protocol)
    if proved := _proved(found):
        check_extends(found.spec, proved.spec)
    return found


def _proved(protocol: type[Protocol]) -> type[Protocol] | None:
    """Give the protocol that a class proves by its name, or by that of a class it extends; None if it is no proof."""
    classes = [each for each in protocol.__mro__ if issubclass(each, Protocol)]
    proofs = (base for each in classes for base in each.__mro__[1:] if each.__name__ == f"{base.__name__}Proof")
    return next((base for base in proofs if issubclass(base, Protocol)), None)


def variant(protocol: type[Protocol], name: str) -> type[Protocol]:
    """Give one variant; case, `-` and `_` do not count in its name."""
    known = variants(protocol)
    found = {_plain(each): known[each] for each in known}.get(_plain(name))
    if found is None:
        mend = _near(name, known) or f"; it has {', '.join(known) or 'none'}"
        raise SpecError(f"{protocol.__name__} has no variant {name!r}{mend}")
    return found


def _below(protocol: type[Protocol]) -> Iterator[type[Protocol]]:
    for each in protocol.__subclasses__():
        if _proved(each):
            continue
        if each.__module__ == protocol.__module__ or each.__module__.startswith(f"{__package__}."):
            yield each
            yield from _below(each)


def _plain(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()


def _near(name: str, known: Iterable[str]) -> str:
    hint = did_you_mean(name, known)
    return f"; {hint}" if hint else ""


def _of_file(path: Path, member: str) -> type[Protocol]:
    defined = _protocols_in(_import(path))
    if not defined:
        raise SpecError(f"{path} is no protocol: it defines no subclass of brokerlaw.spec.language.Protocol")
    if member and member not in defined:
        mend = _near(member, defined) or f"; it has {', '.join(defined)}"
        raise SpecError(f"{path} has no protocol {member!r}{mend}")
    if not member and len(defined) > 1:
        raise SpecError(f"{path} has several protocols: say which, as {path}:{next(iter(defined))}")
    return defined[member or next(iter(defined))]


def _protocols_in(module: ModuleType) -> Mapping[str, type[Protocol]]:
    return {
        name: each
        for name, each in vars(module).items()
        if isinstance(each, type) and issubclass(each, Protocol) and each is not Protocol
    }


def _import(path: Path) -> ModuleType:
    """Execute the user's own program; what goes wrong in it is told in one line."""
    if not path.is_file():
        raise SpecError(f"there is no file {path}")
    module = module_of(path, path.stem)
    folder = str(path.resolve().parent)
    sys.path.append(folder)
    try:
        execute(module)
    except SpecError:
        raise
    except (Exception, SystemExit) as error:
        lines = (at.lineno for at in traceback.extract_tb(error.__traceback__) if at.filename == module.__file__)
        place = ":".join(map(str, (path, *islice(lines, 1))))
        raise SpecError(f"{place}: {type(error).__name__}: {shown(str(error))}: it cannot be loaded") from error
    finally:
        sys.path.remove(folder)
    return module
