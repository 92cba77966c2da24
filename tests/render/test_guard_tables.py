"""The table of guards: every effect in words, whatever an author wrote."""

from typing import Any

from brokerlaw.render import guards as report
from brokerlaw.spec.language import Bool, Ordered, Protocol, Sort, Var, action, eventually, guards, invariant, require


class Count(Ordered):
    pass


class Worker(Sort):
    pass


class Desk(Protocol):
    bounds = {Count: 3, Worker: 2}
    left = Var(Count)
    busy = Var(Bool, Worker)
    gone = Var(Bool)

    @action
    def work(s, a: Worker, b: Worker) -> None:
        require((a != b) | (s.left > 2), ~s.busy[b], ~s.busy[b])
        s.busy[a] = True

    @action
    def spend(s) -> None:
        require(s.left > 0)
        s.left = s.left - 1

    @action(fair=False)
    def go(s) -> None:
        require(s.gone)
        s.gone = True

    @action
    def idle(s) -> None:
        require(s.left < 1)
        s.left = s.left

    @invariant
    def one_at_work(s, a: Worker, b: Worker) -> Any:
        return (a == b) | ~s.busy[a] | ~s.busy[b]

    @eventually
    def stays(s) -> Any:
        return ~s.gone


class Crowded(Desk):
    @action
    def work(s, a: Worker) -> None:
        s.busy[a] = True


def test_the_table_tells_every_effect() -> None:
    shown = report.render(guards(Desk.spec))
    assert "work:0" in shown and "(a != b) | (s.left > 2)" in shown
    for told in (
        "breaks one_at_work",
        "spend writes a number below 0",
        "never again stays",
        " for ever",
        "no effect within this bound: the other guards imply it",
    ):
        assert told in shown
    assert "Desk: 6 guards with " in shown


def test_markdown_is_a_table_whatever_the_guard_says() -> None:
    head, rule, *rows = report.markdown(guards(Desk.spec)).splitlines()
    assert head == "| action | guard | without it | steps |" and rule == "|---|---|---|--:|"
    assert all(row.replace("\\|", "").count("|") == 5 for row in rows)
    assert rows[0].startswith("| `work` | `(a != b) \\| (s.left > 2)` | breaks one_at_work | 2")


def test_a_broken_protocol_is_shown_instead() -> None:
    shown = report.render(guards(Crowded.spec))
    assert "Crowded with all its guards breaks one_at_work:" in shown and "work(a=worker0)" in shown
    assert "mend it first" in shown


def test_what_was_not_searched_is_said() -> None:
    shown = report.render(guards(Desk.spec, max_states=1))
    assert "not known: " in shown and "stopped at the limit of 1 states" in shown
    assert "What stalls was not asked: stopped at the limit of 2 states" in report.render(guards(Desk.spec, stored=2))


def test_data_has_every_trace() -> None:
    data = report.data(guards(Desk.spec))
    assert (data["outcome"], data["liveness"], data["violated"]) == ("told", "kept", {})
    by_place = {(row["action"], row["number"]): row for row in data["guards"]}
    assert by_place["spend", 0]["breaks"] == {"spend: below 0": ["spend()"]}
    assert by_place["go", 0]["stalls"]["stays"]["prefix"][-1] == "go()"
    assert report.data(guards(Crowded.spec))["violated"].keys() == {"one_at_work"}
