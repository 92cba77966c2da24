"""A history of Jepsen's Kafka workload becomes one of ours: what it says, and nothing more."""

from typing import Any

import pytest
from jepsen_files import FOLDER, accusations, imported

from brokerlaw.conformance.importers.timeline import ForeignError
from brokerlaw.spec.history import observations as seen, operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown
from brokerlaw.spec.history.rows import Complete, Invoke, Observe, Recording
from brokerlaw.spec.history.values import PartitionOffset, Placed, Record, TopicPartition

SEND = "{:type :invoke, :process 0, :f :send, :value [[:send 5 7]], :time 10}"
POLL = "{:type :invoke, :process 0, :f :poll, :value [[:poll]], :time 10}"


def completed(begun: str, value: str, kind: str = "ok", more: str = "") -> str:
    """The invocation, and its completion with this value."""
    done = begun.replace(":invoke", f":{kind}").replace(":time 10", f":time 20{more}")
    return f"{begun}\n{done[: done.index(':value')]}:value {value}{done[done.index(', :time') :]}\n"


def asked(recording: Recording, kind: type[ops.Operation]) -> list[tuple[Any, Outcome | None]]:
    """Each operation of a kind, and its outcome."""
    outcomes = {row.op: row.outcome for row in recording.rows if isinstance(row, Complete)}
    invoked = [row for row in recording.rows if isinstance(row, Invoke) and isinstance(row.value, kind)]
    return [(row.value, outcomes.get(row.op)) for row in invoked]


def outcome(recording: Recording, kind: type[ops.Operation]) -> Outcome | None:
    ((_, found),) = asked(recording, kind)
    return found


def observed(recording: Recording, kind: type[seen.Observation]) -> list[tuple[int, Any]]:
    return [(row.time, row.value) for row in recording.rows if isinstance(row, Observe) and isinstance(row.value, kind)]


def text(name: str) -> str:
    return (FOLDER / f"{name}.edn").read_text()


# --- sends and polls ---


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("ok", "[[:send 5 [3 7]]]", Ok(Placed("t2", 1, 3))),
        ("ok", "[[:send 5 [nil 7]]]", Ok(Placed("t2", 1, -1))),
        ("ok", "[[:send 5 7]]", Ok(Placed("t2", 1, -1))),
        ("info", "[[:send 5 7]]", Unknown("KAFKA_TIMEOUT")),
        ("info", "[[:send 5 [3 7]]]", Unknown("KAFKA_TIMEOUT", told=Placed("t2", 1, 3))),
        ("fail", "[[:send 5 [3 7]]]", Fail("KAFKA_TIMEOUT", told=Placed("t2", 1, 3))),
        ("fail", "[[:send 5 7]]", Fail("KAFKA_TIMEOUT")),
        ("info", "nil", Unknown("KAFKA_TIMEOUT")),
    ],
)
def test_a_send_and_where_it_stands(kind: str, value: str, expected: Outcome) -> None:
    recording = imported(completed(SEND, value, kind, ", :error [:kafka-timeout nil]"))
    ((send, found),) = asked(recording, ops.Send)
    assert (send.topic, send.partition, send.value, send.key) == ("t2", 1, b"7", None)
    assert found == expected


def test_a_poll_and_its_records() -> None:
    recording = imported(completed(POLL, "[[:poll {5 [[3 7] [nil 8]], :x [[0 :a]]}]]"))
    assert outcome(recording, ops.Poll) == Ok((Record("t2", 1, 3, b"7"), Record("x", 0, 0, b"a")))
    assert {op.topic: op.partitions for op, _ in asked(recording, ops.CreateTopic)} == {"t2": 2, "x": 1}


def test_what_never_came_back_has_no_outcome() -> None:
    assert outcome(imported(SEND), ops.Send) is None


def test_the_settings_are_those_of_kafkas_clients_or_those_that_are_told() -> None:
    def opened(**settings: str) -> ops.OpenConsumer:
        ((consumer, _),) = asked(imported(completed(POLL, "[[:poll {}]]"), **settings), ops.OpenConsumer)
        return consumer

    assert (opened().isolation, opened().reset, opened().auto_commit) == ("read_uncommitted", "latest", True)
    assert opened(isolation="read_committed", auto_commit="false").isolation == "read_committed"


# --- transactions ---


def test_what_has_several_parts_is_a_transaction() -> None:
    recording = imported(text("precommitted-read.innocent"))
    parts = [row for row in recording.rows if isinstance(row, Invoke) and row.part_of is not None]
    assert [type(row.value) for row in parts[:3]] == [ops.Send, ops.Poll, ops.CommitTransaction]
    assert {row.process for row in parts} == {"process-0"}
    ((offsets, committed),) = asked(recording, ops.SendOffsets)
    assert (offsets.offsets, committed) == ((PartitionOffset("t1", 1, 1),), Ok())


def test_without_transactions_a_subscribed_consumer_commits() -> None:
    recording = imported(text("silent-rebalance.lawful"))
    commits = asked(recording, ops.Commit)
    assert [op.offsets for op, _ in commits] == [(PartitionOffset("t1", 1, 2),)] * 2
    assert [type(found) for _, found in commits] == [Ok, Unknown]
    assert asked(recording, ops.BeginTransaction) == []


@pytest.mark.parametrize(
    ("kind", "end", "expected"),
    [("ok", ops.CommitTransaction, Ok), ("info", ops.CommitTransaction, Unknown), ("fail", ops.AbortTransaction, Ok)],
)
def test_how_a_transaction_ended(kind: str, end: type[ops.Operation], expected: type[Outcome]) -> None:
    more = ", :error {:type :abort, :abort-ok? true}"
    recording = imported(completed(SEND, "[[:send 5 [3 7]]]", kind, more), transactions=True)
    assert isinstance(outcome(recording, end), expected)
    assert outcome(recording, ops.Send) == Ok(Placed("t2", 1, 3))


def test_after_a_failed_transaction_the_consumer_goes_back() -> None:
    recording = imported(text("poll-skip-after-abort.innocent"))
    ((seek, _),) = asked(recording, ops.Seek)
    assert (seek.partition, seek.offset) == (1, 1)


def test_a_rebalance_makes_an_assignment_as_short_as_it_may_have_been() -> None:
    recording = imported(text("int-nonmonotonic-poll.innocent"))
    (revoked,), assigned = observed(recording, seen.Revoked), observed(recording, seen.Assigned)
    ((op, _), _) = asked(recording, ops.Poll)
    begun = next(row.time for row in recording.rows if isinstance(row, Invoke) and row.value == op)
    assert revoked[0] == begun + 1
    assert {time for time, _ in assigned} == {recording.rows[-1].time}
    assert assigned[0][1].partitions == (TopicPartition("t1", 1),)


def test_what_was_assigned_and_given_back_in_one_operation_was_held_at_no_time_that_is_known() -> None:
    begun = "{:type :invoke, :process 0, :f :subscribe, :value [5], :time 5}"
    log = ", :rebalance-log ({:type :assigned, :keys [4 5]} {:type :revoked, :keys [5]})"
    text = begun + begun.replace(":invoke", ":ok") + completed(POLL, "[[:poll {5 [[0 1]]}]]", more=log)
    recording = imported(text.replace("}{", "}\n{"), transactions=True)
    told = [(value.group, [tp.partition for tp in value.partitions]) for _, value in observed(recording, seen.Assigned)]
    assert told == [("jepsen-group", [0]), ("", [1])]
    assert accusations(recording).keys().isdisjoint({"reading.only-what-is-assigned", "groups.told-its-own"})


# --- processes, the nemesis, drains ---


def test_a_process_that_crashed_has_closed_its_clients() -> None:
    recording = imported(text("lost-write.guilty"))
    assert [(op.client, type(found)) for op, found in asked(recording, ops.Close)] == [("producer-0", Unknown)]


def test_a_process_that_ends_itself_has_closed_its_clients() -> None:
    recording = imported(completed(SEND, "[[:send 5 7]]", "fail", ", :end-process? true"))
    assert [op.client for op, _ in asked(recording, ops.Close)] == ["producer-0"]


def test_while_the_nemesis_is_at_work_brokers_may_be_cut_off() -> None:
    words = [":kill", ":start-partition", ":start", ":stop-partition"]
    nemesis = "".join(
        f"{{:type :info, :process :nemesis, :f {word}, :value #{{}}, :time {time}}}\n"
        for time, word in enumerate(words, 30)
    )
    recording = imported(completed(SEND, "[[:send 5 [3 7]]]") + nemesis)
    assert isinstance(outcome(recording, ops.IsolateBrokers), Unknown)
    assert [row.time for row in recording.rows if isinstance(row, Invoke)][-2:] == [20, 23]


@pytest.mark.parametrize(("name", "drained"), [("lost-write.guilty", 1), ("nonmonotonic-poll.innocent", 0)])
def test_who_began_at_the_beginning_and_came_to_the_last_record_has_read_all(name: str, drained: int) -> None:
    assert len(observed(imported(text(name)), seen.Drained)) == drained


def test_who_polls_in_vain_for_a_record_that_is_known_has_waited() -> None:
    ((_, wait),) = observed(imported(text("unseen.guilty")), seen.WaitTimedOut)
    assert (wait.awaited, wait.milliseconds, wait.partition) == ("drained", 30_003, 1)
    assert observed(imported(text("unseen.innocent")), seen.WaitTimedOut) == []


def test_ends_that_were_listed_are_answers() -> None:
    line = "{:type :invoke, :process 0, :f :debug-topic-partitions, :value [5], :time 30}"
    recording = imported(completed(POLL, "[[:poll {}]]") + completed(line, "{5 {:epoch 1, :offset 9}}"))
    assert outcome(recording, ops.ListOffsets) == Ok(9)


# --- the text ---


@pytest.mark.parametrize(
    "written",
    [
        "[" + completed(SEND, "[[:send 5 [3 7]]]").rstrip().replace("\n", "\n ") + "]",
        completed(SEND, "[[:send 5 [3 7]]]").replace("{:type", "#jepsen.history.Op{:index 1, :type"),
        completed(SEND, "[[:send 5 [3 7]]]").replace(", :f", ",\n :f"),
        ";; by Jepsen\n"
        + completed(SEND, "[[:send 5 [3 7]]]").replace(":time 10", ':time 10, :error #object[a 0x1f "b"]'),
    ],
    ids=["a vector", "tagged", "over several lines", "with a comment and an object"],
)
def test_forms_of_edn(written: str) -> None:
    assert outcome(imported(written), ops.Send) == Ok(Placed("t2", 1, 3))


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("", r"history.edn: no :send, :poll or :txn in it"),
        ("{:type :invoke, :process 0, :f :read, :value nil, :time 1}", "this is no history of Jepsen's Kafka workload"),
        (f"{SEND}\n[:a :b]", r"history.edn:2: this is no operation of Jepsen's"),
        (f"{SEND}\n{{:type :ok", r"history.edn:2: the text ends within a form: «{:type :ok»"),
        (f"{SEND}\n{{:a}}", r"history.edn:2: Even number of terms required for map"),
        (SEND.replace(":invoke", ":done"), r"history.edn:1: :type is :done, not one of :invoke, :ok"),
        (SEND.replace(":time 10", ':time "now"'), r"history.edn:1: :time is now, not a number of nanoseconds"),
        (SEND.replace("[[:send 5 7]]", "[[:append 5 7]]"), r"history.edn:1: a part of :value is none of \[:send key"),
        (POLL.replace("[[:poll]]", "[[:poll {5 [[-1 7]]}]]"), r"history.edn:1: a part of :value is none of"),
        (SEND.replace(":invoke", ":ok"), r"history.edn:1: process 0 completes what it did not invoke"),
        (f"{SEND}\n{SEND}", r"history.edn:2: process 0 is still in an operation"),
        (completed(POLL, "[[:poll {}]]", more=", :rebalance-log [{:keys [5]}]"), "a rebalance is none of :assigned"),
        (SEND.replace(":send, ", ":assign, "), "history.edn: no :send"),
        ("[" * 5_000, r"history.edn:1: nested too deep|the text ends"),
    ],
)  # fmt: skip
def test_what_is_no_such_history_is_one_line(written: str, complaint: str) -> None:
    with pytest.raises(ForeignError, match=complaint) as found:
        imported(written)
    assert "\n" not in str(found.value)


def test_bytes_that_are_no_text() -> None:
    from brokerlaw.conformance.importers.jepsen.history import Options, read
    from brokerlaw.conformance.overrides import UserSettings

    with pytest.raises(ForeignError, match="h:2: this is no UTF-8"):
        read("h", [SEND.encode() + b"\n", b"\xff\xfe"], UserSettings({}, {}), Options())


def test_values_of_one_number_in_two_partitions_are_two_records() -> None:
    """Jepsen's values are unique in a key, and not in a topic."""
    assert accusations(imported(text("duplicate.innocent"))) == {}
