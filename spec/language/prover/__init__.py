"""Prove: a protocol's invariants, for any number of brokers, epochs and offsets.

`prove(spec)` shows by induction that every invariant always holds: it holds in the initial states, and each action,
from any state in which all invariants hold, leads to one in which it holds again. Each such obligation is put to Z3
as a question that has no answer if it holds. Terms are read as SMT-LIB (`world`): parameters are constants, variables
are functions, a `Sort` is uninterpreted and so of any size, an `Ordered` sort is the natural numbers. Nothing is
bounded unless it is asked for (`prove(spec, {"Broker": 3})`), and what Z3 does not know is `unknown`, never proved.

**What counts as proved.** A claim is proved if all of its obligations are, and all claims that they assume. A proof is
`proved` if every claim of the protocol is; `incomplete` if only a part was asked for; `vacuous` if something that it
assumes is not known to be possible (`contexts`): an action that can never happen, a premise that never holds. Without
an initial state, or without an invariant, there is no proof but a SpecError. Where a proof is a text of its own, it
adds lemmas and history variables to its protocol and changes nothing else: `brokerlaw.spec.language.extension` sees to
it. `export.smtlib` gives every question as SMT-LIB 2, for another solver.

**How to work a counterexample into a lemma.** An invariant may be true and yet not inductive. Then a counterexample
to induction is shown: a state in which all invariants hold, and a step from it that breaks one. It is as small as
could be found, what it leaves out is as at first (False, none, 0), and `run` has confirmed it. Ask three things.

1. *Can it be reached?* The search says so, under the same bounds and under the protocol's own. If the claim is
   violated within them, the protocol (or the claim) is wrong: mend it. If not, this state is one that never happens,
   and nothing says so yet.
2. *What is absurd about the state before?* Do not look at the step, look at the state: a broker that has committed
   while nobody sent the message; an epoch above the controller's; a vote counted that was not cast. Say in one
   sentence why it never happens: "whoever has committed has been told so". That sentence is the lemma.
3. *Is it as strong as it can be?* Write the sentence as an `@invariant`, over single members where you can, with the
   least on the left of `implies`. Tie facts to their causes: a message to the state of its sender at the time, a
   counter to what was counted. A lemma that speaks of everything that was ever sent is often inductive at once,
   one that speaks of the latest often is not.

Then prove again: the lemma is an obligation like all others, and may want one of its own. Explore it first: a lemma
that is false is found by search in a second, and would make all else seem proved only until its own obligation fails.
Induction over several steps (`depth`) may spare a lemma: a state that never happens often has none before it either.
If the chain of lemmas has no end, something is missing from the state: add a variable that is only written (a history)
and speak of that. If the answer is `unknown`, the formula is too hard: take quantifiers apart into several
invariants, avoid `exists` under `forall`, and prefer `implies(p(i), q(i))` for one i to statements on intervals.
"""

from brokerlaw.spec.language.prover.contexts import Context, ContextResult
from brokerlaw.spec.language.prover.cti import Counterexample
from brokerlaw.spec.language.prover.lookup import Lookup
from brokerlaw.spec.language.prover.obligations import INIT, Obligation
from brokerlaw.spec.language.prover.proof import ObligationResult, ProofResult, prove

__all__ = [
    "INIT",
    "Context",
    "ContextResult",
    "Counterexample",
    "Lookup",
    "Obligation",
    "ObligationResult",
    "ProofResult",
    "prove",
]
