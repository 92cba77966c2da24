"""A history of Jepsen's Kafka workload becomes one of ours: what it says, and nothing more."""

from jepsen_files import FOLDER, accusations, imported


def text(name: str) -> str:
    return (FOLDER / f"{name}.edn").read_text()


def test_a_lost_write_is_seen_by_the_final_polls() -> None:
    found = accusations(imported(text("lost-write.guilty")))
    assert list(found) == ["durability.acked-survives"]
    assert found["durability.acked-survives"][0].reason == (
        "'1' was acknowledged at t1/1@0, but consumer-2 read everything from 0 to 2 and not this"
    )


def test_the_same_without_the_loss_is_innocent() -> None:
    assert accusations(imported(text("lost-write.innocent"))) == {}
