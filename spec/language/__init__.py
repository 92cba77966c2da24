'''The language protocols are written in: one function, five readings.

**Writing.** A protocol is a class; each function in it is called once, when the class is made, with a symbolic
state `s` and symbolic parameters. What it leaves is data, the `Spec`, that all readings share::

    class Broker(Sort): """Interchangeable, finitely many."""
    class Epoch(Ordered): """0, 1, 2, ...: bounded when run and searched, all naturals when proved."""
    class Role(Enum): follower, leader = values(2)          # named values; the first is the default

    class Election(Protocol):
        """One sentence.  Source: ..."""
        bounds = {Broker: 3, Epoch: 3}                      # defaults; Model(spec, {"Broker": 5}) overrides

        leader = Var(Broker | None, doc="who leads")        # one cell: `none`, or a broker
        epoch = Var(Epoch)
        role = Var(Role, Broker)                            # a cell for each broker
        voted = Var(Bool, Broker, Epoch)                    # a set of facts: a Bool for each pair

        @init                                               # optional; else all starts False, 0, none or first
        def start(s, b: Broker):                            # a parameter: one initial state for each choice
            s.leader = b
            s.role[:] = lambda c: ite(c == b, Role.leader, Role.follower)   # a row; s.log[b, :] = none

        @action
        def vote(s, b: Broker):
            """One sentence.  [source]"""
            s.voted[b, s.epoch] = True

        @action
        def elect(s, old: Broker, new: Broker):             # parameters are the choices
            """One sentence.  [source]"""
            require(s.leader == old, old != new, s.voted[new, s.epoch])
            s.leader, s.epoch = new, s.epoch + 1
            s.role[old] = Role.follower
            s.role[new] = Role.leader

        @invariant                                          # parameters: for all; of a @witness: for some
        def one_leader(s, a: Broker, b: Broker):
            """One sentence."""
            return implies((s.role[a] == Role.leader) & (s.role[b] == Role.leader), a == b)

    class Hasty(Election):                                  # a variant overrides, adds, or drops (vote = None)
        """One sentence: what was once believed to be enough."""
        breaks = ("one_leader",)                            # the invariants that it is known to violate

        @action
        def elect(s, new: Broker):
            s.role[new] = Role.leader

Formulas: `== != < <= > >=`, `& | ~`, `x + 1`, `x - 1` (integer constants), `implies(p, q)`, `iff(p, q)`, `ite(c, a,
b)`, `distinct(a, b, ...)`, `forall(Broker, Epoch, lambda b, e: ...)`, `exists(...)`; literals take the sort of what
they meet, elsewhere `Epoch(0)`, `Bool(True)`. `count(Broker, lambda b: ...)` is how many satisfy it, and
`size(Broker)` how many there are: numbers, to be compared, added, multiplied by constants, and not to be kept. So a
majority is `count(Broker, lambda b: s.voted[b]) * 2 > size(Broker)`. A proof needs a size for what is counted. A plain
method is a definition: `s.caught_up(b)`. An overriding action may call `super().elect(old, new)`. `@eventually` states
what every fair run comes to, again and again: with parameters, for each value on its own (∀a: □◇ p(a)); with
`@eventually(together=True)` for all at one time (□◇ ∀a: p(a)). A run is fair if no action, with its parameters, stays
possible for ever and is never taken; one that is marked `@action(fair=False)` need not happen: a crash, a user's wish.
Where the bound cuts a fair step off, a run that rests is not fair.

**Rules.** Reads see the old state, writes make the new one, what is not written stays; reading a variable after
writing it is an error, unless the cells have different constant indices. Of two writes to cells that may coincide
(`s.a[x]`, `s.a[y]`) the later counts. An index is never arithmetic: for the cell after i, take a parameter j and
`require(j == i + 1)`; a written index may be. (Beyond the bound there is no such j: the choice is blocked, not cut
off, so write `i + 1` itself where the step must be counted.) An Option is compared, not opened: `s.leader == b` binds
b. Arithmetic is exact, and stays out of Options. A step that would write n or more to an Ordered cell of bound n (or
at such an index) is *cut off by the bound*: not taken, and counted. A step that would write a number below 0 is a
violation, reported like that of an invariant (and an obligation in a proof). Updates are tried in order, of each the
value and then the indices; the first that does not fit decides. Every mistake is a `SpecError` (a TypeError) at import,
with file, line and mend.

**Data** (`spec`). `Spec`: name, doc, variables, init, actions, properties, bounds, variant_of, breaks, `sorts`,
`of_kind(kind)`, `without(action, k)` (guard k dropped). `Variable`: name, sort, indices, doc. `Action`: name, doc,
params (local terms), guards, updates, line, fair. `Guard`: term, text, line. `Update`: variable, locals, indices,
value: for all locals, variable'[indices] = value. `Property`: name, kind, doc, term, line; parameters are quantified
already, and `each` are those for which an `@eventually` is promised one by one.

**Terms** (`term`). `op`, `args`, `data`, and `type(t)` is the sort. Interned: same look, same object, so compare with
`is`; `==` builds a term. `OPERATORS` lists every op with its args and data. Bound locals have names unique within
their scope; siblings may share one. Sorts: `Bool`, and subclasses of `Sort`, `Ordered`, `Enum` (`.names`), `Option`
(`.of`; written X | None). Values are codes 0..size-1: False 0, True 1; Enum by position; none 0 and some(x) x + 1;
`Sort.label(code)` names them. `and`, `or`, `implies` and `ite` read from the left and stop early, though nothing
depends on it: reads are total. `leaves(t)` tells which values or written indices need a check against the bound.

**A new reading** is `fold({"const": lambda t: ..., "and": lambda t, *args: ..., ...})` (`fold`): one entry for each
operator, called with the term and its args as already read (for a quantifier: its locals, then its body). The table
must be complete. `subterms`, `free`, `conjuncts` and `show` (a term as its author would write it) are there too.

**Cells** (`layout`). `Layout(spec, bounds)`: `cells` (variable, index, size) in state order, `base` and `strides`
(place = base + sum(index * stride)), `size(sort)`, `bounds`, `default`, `view(state)` in names, `labels(params,
codes)`.

**Run** (`model`). `Model(spec, bounds)`: states are tuples of codes. `initial()`, `successors(state)` (Steps: action,
params, target, which is a state or `Off.ABOVE`, `Off.BELOW`), `enabled(state)`, `step(state, action, *codes)`,
`blocked(state, action, *codes)` (the guards that fail), `holds(name, state)`, `call(action, codes)` as text. This is
the meaning: other readings agree with it.

**Search** (`search`). `search(model, every=False, max_states=None, max_bytes=None, progress=None, symmetry=None)`
gives a `SearchResult`: protocol, bounds, distinct, generated, depth, incomplete (why, or empty), actions
(`ActionCounts`: tried, fired, cut), violations (name, shortest Trace), witnesses (Trace or None), and `outcome`: kept,
violated, incomplete, or vacuous: all was seen and nothing violated, but an action never fired (`never_fired`), a
premise of an invariant never held (`unreached`), a witness was not reached, or no invariant is stated.
`reachable(model)` gives states, nearest first; `nearest(model, states, wanted)` the step that one guard alone stopped.
`symmetry.Symmetry(model)` knows which sorts are interchangeable. `shortest(spec, bounds, goal)` is the `ShortestRun`
to one property, `instance` says for which values it is so.

**Compile** (`compiler`). `explore(model, engine="auto", threads=1, ...)` gives the same SearchResult, from compiled C.

**Liveness** (`liveness`). `liveness(model)` stores the graph and judges each `@eventually`: a `Lasso` (prefix, cycle)
is a fair run that never comes to it again, replayed before it is given.

**Guards** (`guards`). `guards(spec, bounds)` drops each guard in turn: what then breaks or stalls, and how soon.
'''

from brokerlaw.spec.language.breadth_first import reachable
from brokerlaw.spec.language.fold import conjuncts, fold, free, show, subterms
from brokerlaw.spec.language.guards import Dropped, Guards, guards
from brokerlaw.spec.language.layout import Cell, Layout, Off, State
from brokerlaw.spec.language.liveness import Lasso, Liveness, liveness
from brokerlaw.spec.language.miss import Miss, misses, nearest
from brokerlaw.spec.language.model import Model, Step
from brokerlaw.spec.language.protocol import Protocol, Var, action, eventually, init, invariant, witness
from brokerlaw.spec.language.search import (
    ActionCounts,
    Conclusion,
    SearchResult,
    Stopped,
    Trace,
    Violation,
    search,
)
from brokerlaw.spec.language.shortest import ShortestRun, instance, shortest
from brokerlaw.spec.language.spec import Action, Guard, Kind, Property, Spec, Update, Variable
from brokerlaw.spec.language.term import (
    OPERATORS,
    Bool,
    Enum,
    Number,
    Option,
    Ordered,
    Sort,
    SpecError,
    Term,
    leaves,
    none,
    values,
)
from brokerlaw.spec.language.trace import require
from brokerlaw.spec.language.vocabulary import count, distinct, exists, forall, iff, implies, ite, size

__all__ = [
    "OPERATORS",
    "Action",
    "ActionCounts",
    "Bool",
    "Cell",
    "Conclusion",
    "Dropped",
    "Enum",
    "Guard",
    "Guards",
    "Kind",
    "Lasso",
    "Layout",
    "Liveness",
    "Miss",
    "Model",
    "Number",
    "Off",
    "Option",
    "Ordered",
    "Property",
    "Protocol",
    "SearchResult",
    "ShortestRun",
    "Sort",
    "Spec",
    "SpecError",
    "State",
    "Step",
    "Stopped",
    "Term",
    "Trace",
    "Update",
    "Var",
    "Variable",
    "Violation",
    "action",
    "conjuncts",
    "count",
    "distinct",
    "eventually",
    "exists",
    "fold",
    "forall",
    "free",
    "guards",
    "iff",
    "implies",
    "init",
    "instance",
    "invariant",
    "ite",
    "leaves",
    "liveness",
    "misses",
    "nearest",
    "none",
    "reachable",
    "require",
    "search",
    "shortest",
    "show",
    "size",
    "subterms",
    "values",
    "witness",
]
