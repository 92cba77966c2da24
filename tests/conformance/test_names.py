from brokerlaw.conformance.names import Names
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Assigned
from brokerlaw.spec.history.values import PartitionOffset, Record, TopicPartition

NAMES = Names("x-")


def test_every_shared_name_is_prefixed_and_restored() -> None:
    sent = [
        ops.CreateTopic("t", 2),
        ops.OpenProducer("p", transactional_id="tx"),
        ops.OpenConsumer("c", "g", instance_id="i"),
        ops.Subscribe("c", ("t", "u")),
        ops.Assign("c", (PartitionOffset("t", 0, 3),)),
        ops.Pause("c", (TopicPartition("t", 1),)),
        ops.ListOffsets("t", 0),
    ]
    told = [NAMES.outward(op) for op in sent]
    assert told[0] == ops.CreateTopic("x-t", 2)
    assert told[1] == ops.OpenProducer("p", transactional_id="x-tx")
    assert told[2] == ops.OpenConsumer("c", "x-g", instance_id="x-i")
    assert told[3] == ops.Subscribe("c", ("x-t", "x-u"))
    assert told[4] == ops.Assign("c", (PartitionOffset("x-t", 0, 3),))
    assert told[5] == ops.Pause("c", (TopicPartition("x-t", 1),))
    assert [NAMES.inward(op) for op in told] == sent


def test_answers_and_observations_come_back_in_the_plans_names() -> None:
    assert NAMES.inward((Record("x-t", 0, 1, b"x-v"),)) == (Record("t", 0, 1, b"x-v"),)
    assigned = Assigned("x-g", "m", 1, (TopicPartition("x-t", 0),))
    assert NAMES.inward(assigned) == Assigned("g", "m", 1, (TopicPartition("t", 0),))


def test_no_group_stays_no_group() -> None:
    assert NAMES.outward(ops.OpenConsumer("c")) == ops.OpenConsumer("c")


def test_an_empty_prefix_changes_nothing() -> None:
    op = ops.CreateTopic("t")
    assert Names("").outward(op) is op
