"""A protocol made to trouble printers: names that are words of other languages, docstrings that would end a comment."""

from brokerlaw.spec.language import (
    Bool,
    Enum,
    Ordered,
    Protocol,
    Sort,
    Var,
    action,
    eventually,
    exists,
    forall,
    iff,
    implies,
    init,
    invariant,
    ite,
    none,
    require,
    values,
    witness,
)


class Rule(Sort):
    """A lamp. *) END ==== -- /* */ | <b>"""


class Union(Ordered):
    """How bright."""


class Var_(Enum):
    """Named as in Murphi."""

    array, end, TRUE = values(3)


class Next(Protocol):
    """Lamps, one lit at a time. *) ---- MODULE Evil ---- \\* /* <script>alert(1)</script> `x | y` [a](b) __c__

    ====
    Source: none.
    """

    bounds = {Rule: 2, Union: 3}

    record = Var(Var_, Rule, doc='state: "quoted" *) | `a|b` | <i>')
    Init = Var(Rule | None, doc="which one is lit\nsecond line")
    begin = Var(Union, Rule)
    é = Var(Bool, Rule, Union)
    when = Var(Union | None)
    lit = Var(Bool)

    @init
    def startstate(s, ruleset: Rule):
        """One is lit."""
        require(forall(Rule, lambda rule: s.Init == none))
        s.Init = ruleset
        s.record[:] = lambda r: ite(r == ruleset, Var_.end, Var_.array)

    @action
    def Spec(s, rule: Rule):
        """Another one is lit. *) \\* -- /* ``` `` `  [KIP-1 | *) <x>]"""
        require(s.Init != rule, ~s.é[rule, 0] | (s.begin[rule] < 2))
        s.Init = rule
        dark = exists(Rule, lambda rule_2: s.begin[rule_2] == 0)  # its local is that of the row, and not meant
        s.record[:] = lambda rule_2: ite((rule_2 == rule) & (dark | ~dark), Var_.end, Var_.array)

    @action(fair=False)
    def procedure(s, x: Rule, vars: Union):
        """It gets brighter."""
        require(s.Init == x, vars == s.begin[x])
        s.é[x, :] = lambda u: (u <= vars) & iff(s.é[x, u], exists(Rule, lambda r: s.begin[r] - 1 < u))
        s.begin[x] = vars + 1
        s.when = s.when
        s.lit = s.lit | (vars == 1)

    @action
    def dim(s, x: Rule):
        """They get darker, never below 0: rows, then one cell over them."""
        require(forall(Rule, lambda r: s.begin[r] > 0), implies(s.when == none, s.begin[x] == 2))
        s.begin[:] = lambda r: s.begin[r] - 1
        s.begin[x] = 0
        s.when = 1

    @invariant
    def TypeOK(s, r: Rule):
        """The lit one knows."""
        return (s.record[r] == Var_.end) == (s.Init == r)

    @witness
    def bright(s, r: Rule):
        """It can be bright."""
        return s.begin[r] == 2

    @eventually
    def some_is_lit(s):
        """One is."""
        return s.Init != none


class Sinks(Next):
    """A number falls below 0, where it must not."""

    @action
    def dim(s, x: Rule):
        """It gets darker, too often."""
        s.begin[x] = ite(s.Init == x, s.begin[x] - 1, s.begin[x])
