"""States and steps as SMT-LIB: an action relates the cells before it to the cells after it.

Updates define what is written, for all indices at once; what is not written keeps its function, so that the frame
costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from brokerlaw.spec.language.prover.domains import Naturals, Value, conj, disj, neg
from brokerlaw.spec.language.prover.world import Default, State, World, reading
from brokerlaw.spec.language.spec import Action, Update, Variable
from brokerlaw.spec.language.term import Term, leaves, node

Read = Callable[[Term], Value]


def places(variable: Variable) -> tuple[Term, ...]:
    """Give locals that stand for the indices of a variable; no author's name has a dot."""
    return tuple(node(sort, "local", data=f"at.{k}") for k, sort in enumerate(variable.indices))


def declare(world: World, moments: Mapping[str, str]) -> State:
    """Declare the given variables at these moments, each cell a value of its sort, and nothing else known."""
    state = State(world, moments)
    for name in moments:
        variable = world.spec.variables[name]
        at, domain = places(variable), world.domain(variable.sort)
        args = " ".join(sort for _, sort in world.binders(at))
        for function, part in zip(state.symbols(name), domain.parts, strict=True):
            world.lines.append(f"(declare-fun {function} ({args}) {part})")
        within = domain.within(state.cell(name, [world.variable(v) for v in at]))
        world.say(world.quantify("forall", at, within))
    return state


def anything(world: World, moment: str) -> State:
    """Declare a state of which nothing is known."""
    return declare(world, dict.fromkeys(world.spec.variables, moment))


def initial(world: World, moment: str) -> State:
    """Declare an initial state."""
    return step(world, world.spec.init, Default(world), moment)


def enable(world: World, action: Action, old: State) -> Read:
    """Let the guards of an action hold, with its parameters as constants; give the reading of the old state."""
    read = reading(world, old)
    world.declare(action.params)
    world.say(*(read(guard.term)[0] for guard in action.guards))
    return read


def after(world: World, action: Action, old: State, moment: str) -> State:
    """Define the state that an action leads to from the old one."""
    read, moments = reading(world, old), dict(old.moments)
    new = State(world, moments)
    for name in world.spec.variables:
        if name not in moments or any(update.variable == name for update in action.updates):
            moments[name] = moment
            _write(world, action, name, old, read, new)
    return new


def step(world: World, action: Action, old: State, moment: str) -> State:
    """Let the action happen in the old state, and give the new one."""
    read = enable(world, action, old)
    world.say(fits(world, action, read))
    return after(world, action, old, moment)


def _write(world: World, action: Action, name: str, old: State, read: Read, new: State) -> None:
    """Define a variable in the new state: of updates that meet in a cell, the later counts."""
    variable = world.spec.variables[name]
    at, domain = places(variable), world.domain(variable.sort)
    cell = old.cell(name, [world.variable(v) for v in at])
    for update in action.updates:
        if update.variable == name:
            hit, value = _written(world, update, at, read)
            cell = domain.ite(hit, value, cell)
    args = " ".join(f"({each} {sort})" for each, sort in world.binders(at))
    for function, part, body in zip(new.symbols(name), domain.parts, cell, strict=True):
        world.lines.append(f"(define-fun {function} ({args}) {part} {body})")


def _written(world: World, update: Update, at: tuple[Term, ...], read: Read) -> tuple[str, Value]:
    """Say whether the update writes the cell at `at`, and what."""
    hits, names = [], []
    for place, index in zip(at, update.indices, strict=True):
        if any(index is local for local in update.locals):
            names += list(zip(world.variable(index), world.variable(place), strict=True))
        else:
            hits.append(world.domain(type(place)).eq(world.variable(place), read(index)))
    value = read(update.value)
    if names:
        bound = " ".join(f"({local} {place})" for local, place in names)
        value = tuple(f"(let ({bound}) {part})" for part in value)
    return conj(*hits), value


def fits(world: World, action: Action, read: Read) -> str:
    """State that what an action writes, and where, lies within the sorts."""
    return conj(*(_fits(world, update, read) for update in action.updates))


def _fits(world: World, update: Update, read: Read) -> str:
    terms = [term for term in (*update.indices, update.value) if leaves(term)]
    within = conj(*(world.domain(type(term)).within(read(term)) for term in terms))
    return world.quantify("forall", update.locals, within)


def falls(world: World, action: Action, read: Read) -> str:
    """State that some update would write a number below 0, or at one."""
    below = []
    for update in action.updates:
        for term in (*update.indices, update.value):
            if may_fall(term):
                negative = neg(Naturals(None).within(read(term)))
                below.append(world.quantify("exists", update.locals, negative))
    return disj(*below)


def may_fall(term: Term) -> bool:
    """Tell whether there is a subtraction in what the term comes to."""
    branches = term.args[1:] if term.op == "ite" else term.args if term.op == "add" else ()
    return (term.op == "add" and term.data < 0) or any(map(may_fall, branches))
