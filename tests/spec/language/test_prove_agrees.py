"""Z3's model of an action, and of a formula, is what run says it is: on states that are reached, and on any at all."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from brokerlaw.spec.language import Model, Off, Spec, State
from brokerlaw.spec.language.prover.domains import Domain, Value, conj, neg
from brokerlaw.spec.language.prover.solver import Solver
from brokerlaw.spec.language.prover.steps import anything, enable, falls, step
from brokerlaw.spec.language.prover.world import State as Cells, World, reading
from brokerlaw.spec.protocols.registry import PROTOCOLS, load
from brokerlaw.spec.protocols.two_phase_commit import TMState, TwoPhaseCommit

BOUNDS = {
    "two_phase_commit": {"RM": 2},
    "delivery": {"Worker": 2, "Offset": 3, "Attempt": 2},
    "queue": {"Message": 2, "Consumer": 2, "Group": 2, "Key": 1, "Count": 3, "Place": 3},
    "groups_classic": {"Member": 2, "Partition": 1, "Instance": 2, "Generation": 4},
    "groups_next": {"Member": 2, "Partition": 1, "Epoch": 5},
    "replication": {"Replica": 2, "Epoch": 3, "Offset": 3},
    "isr_update": {"Replica": 2, "Version": 4, "Life": 2, "Offset": 2},
    "idempotence": {"Number": 4},
    "transactions": {"Partition": 2, "Transaction": 2, "Epoch": 3},
}
Steps = set[tuple[tuple[int, ...], State]]


@pytest.fixture(scope="module")
def solver() -> Iterator[Solver]:
    each = Solver()
    yield each
    each.close()


def states(model: Model, seed: int, count: int) -> Iterator[State]:
    """As many states of random walks as of random codes."""
    random = Random(seed)
    for _ in range(count):
        yield tuple(random.randrange(cell.size) for cell in model.layout.cells)
        state = random.choice(model.initial())
        for _ in range(random.randrange(30)):
            if targets := [each.target for each in model.successors(state) if not isinstance(each.target, Off)]:
                state = random.choice(targets)
        yield state


def taking(model: Model) -> dict[str, State]:
    """For each action, the first state, in breadth-first order, in which it is possible."""
    level, found = model.initial(), dict[str, State]()
    known = set(level)
    while level and len(found) < len(model.spec.actions):
        further = []
        for state in level:
            for step_ in model.successors(state):
                if not isinstance(step_.target, Off):
                    found.setdefault(step_.action, state)
                    if step_.target not in known:
                        known.add(step_.target)
                        further.append(step_.target)
        level = further
    return found


def cells(world: World, model: Model, cells_: Cells) -> list[tuple[Domain, Value]]:
    """Every cell with its domain, in the order of a state."""
    found = []
    for cell in model.layout.cells:
        variable = world.spec.variables[cell.variable]
        index = [world.domain(s).const(code) for s, code in zip(variable.indices, cell.index, strict=True)]
        found.append((world.domain(variable.sort), cells_.cell(cell.variable, index)))
    return found


def are(known: list[tuple[Domain, Value]], codes: tuple[int, ...]) -> str:
    return conj(*(domain.eq(value, domain.const(code)) for (domain, value), code in zip(known, codes, strict=True)))


def admitted(solver: Solver, spec: Spec, model: Model, action: str, state: State) -> Steps:
    """Every choice of parameters, and the state after it, that Z3 finds possible in a state."""
    world = World(spec, model.layout.bounds)
    old = anything(world, "s0")
    new = step(world, spec.actions[action], old, "s1")
    params = [(world.domain(type(p)), world.variable(p)) for p in spec.actions[action].params]
    wanted = [*params, *cells(world, model, new)]
    world.say(are(cells(world, model, old), state))
    found: Steps = set()
    while True:
        answer = solver.check(world.lines, 20, [part for _, value in wanted for part in value])
        if answer.status == "unsat":
            return found
        assert answer.status == "sat", answer
        rest = iter(answer.values)
        codes = tuple(domain.decode(tuple(itertools.islice(rest, len(domain.parts)))) for domain, _ in wanted)
        found.add((codes[: len(params)], codes[len(params) :]))
        if not params:
            return found
        world.say(neg(are(params, codes[: len(params)])))


def run(model: Model, action: str, state: State) -> Steps:
    """The same, as run says."""
    return {(params, target) for params, target in model.fires[action](state) if not isinstance(target, Off)}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_an_action_leads_where_run_says(name: str, solver: Solver) -> None:
    spec = load(name).spec
    model = Model(spec, BOUNDS[name])
    for state, action in itertools.product(states(model, seed=1, count=3), spec.actions):
        assert admitted(solver, spec, model, action, state) == run(model, action, state), (action, state)
    taken = taking(model)
    assert taken.keys() == spec.actions.keys()
    for action, state in taken.items():
        assert admitted(solver, spec, model, action, state) == run(model, action, state) != set(), (action, state)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_formula_is_true_where_run_says(name: str, solver: Solver) -> None:
    spec = load(name).spec
    model = Model(spec, BOUNDS[name])
    for state in states(model, seed=2, count=6):
        world = World(spec, model.layout.bounds)
        old = anything(world, "s0")
        read = reading(world, old)
        claims = [
            read(each.term)[0] if model.holds(each.name, state) else neg(read(each.term)[0])
            for each in spec.properties.values()
        ]
        world.say(are(cells(world, model, old), state))
        assert solver.check([*world.lines, f"(assert {conj(*claims)})"], 20).status == "sat", state
        assert solver.check([*world.lines, f"(assert {neg(conj(*claims))})"], 20).status == "unsat", state


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_number_falls_below_0_where_run_says(name: str, solver: Solver) -> None:
    spec = load(name).spec
    model = Model(spec, BOUNDS[name])
    for state in states(model, seed=3, count=3):
        for action in spec.actions.values():
            world = World(spec, model.layout.bounds)
            old = anything(world, "s0")
            sinks = falls(world, action, enable(world, action, old))
            world.say(are(cells(world, model, old), state), sinks)
            below = any(target is Off.BELOW for _, target in model.fires[action.name](state))
            assert solver.check(world.lines, 20).status == ("sat" if below else "unsat"), (action.name, state)


def wrong(action: str, **changes: object) -> Spec:
    spec = TwoPhaseCommit.spec
    changed = replace(spec.actions[action], **changes)  # type: ignore[arg-type]  # fields of Action, by name
    return replace(spec, actions={**spec.actions, action: changed})


def disagree(solver: Solver, spec: Spec, action: str) -> bool:
    """Whether Z3's model of one text is found not to be another's."""
    model = Model(TwoPhaseCommit.spec, BOUNDS["two_phase_commit"])
    return any(
        admitted(solver, spec, model, action, state) != run(model, action, state) for state in states(model, 4, 12)
    )


def test_a_wrong_update_is_noticed(solver: Solver) -> None:
    abort, said = TwoPhaseCommit.spec.actions["tm_abort"].updates
    other = replace(abort, value=TMState.committed)
    assert not disagree(solver, TwoPhaseCommit.spec, "tm_abort")
    assert disagree(solver, wrong("tm_abort", updates=(other, said)), "tm_abort")


def test_a_forgotten_update_is_noticed(solver: Solver) -> None:
    updates = TwoPhaseCommit.spec.actions["rm_prepare"].updates
    assert not disagree(solver, TwoPhaseCommit.spec, "rm_prepare")
    assert disagree(solver, wrong("rm_prepare", updates=updates[:1]), "rm_prepare")


def test_a_forgotten_guard_is_noticed(solver: Solver) -> None:
    assert not disagree(solver, TwoPhaseCommit.spec, "tm_commit")
    assert disagree(solver, wrong("tm_commit", guards=()), "tm_commit")
