"""Every operation, every field and every observation has its liars, without anybody naming them."""

from typing import ClassVar

import msgspec
import pytest

from brokerlaw.adapters.contract import Description
from brokerlaw.conformance.liars.table import ASKING, TOLD_BY_ADAPTERS, liars, of_observation, of_operation
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.spec.history.numbers import Milliseconds, Offset
from brokerlaw.spec.history.operation import Needs, Operation
from brokerlaw.spec.history.operations import OPERATIONS
from brokerlaw.spec.history.values import Struct


class Inner(Struct, frozen=True):
    depth: Offset
    label: str


class Novel(Operation, frozen=True):
    """An operation that nobody knew when the liars were written."""

    needs: ClassVar[Needs] = ("topics",)
    returns: ClassVar[object] = tuple[Inner, ...]
    patience: Milliseconds
    flag: bool = False
    inner: Inner | None = None


@pytest.mark.parametrize("word", OPERATIONS)
def test_each_field_of_each_operation_is_lied_about(word: str) -> None:
    kind = OPERATIONS[word]
    found = of_operation(word, kind)
    asked = {lie.field.split(".")[0].split("[")[0] for lie in found if lie.place == "request"}
    assert asked == set(kind.__struct_fields__) - set(ASKING)
    assert any(lie.place == "outcome" for lie in found)
    assert any(lie.place == "answer" for lie in found) == (kind.returns is not None)


@pytest.mark.parametrize("word", [word for word, kind in OPERATIONS.items() if isinstance(kind.returns, type)])
def test_each_field_of_an_answer_is_lied_about(word: str) -> None:
    kind = OPERATIONS[word]
    answered = {lie.field.split(".")[0].split("[")[0] for lie in of_operation(word, kind) if lie.place == "answer"}
    assert answered - {""} == set(kind.returns.__struct_fields__)


def test_each_field_of_each_observation_of_an_adapter_is_lied_about() -> None:
    for kind in TOLD_BY_ADAPTERS:
        seen = {lie.field.split("[")[0] for lie in of_observation(kind)}
        assert seen == {"", *kind.__struct_fields__}


def test_a_new_operation_has_its_liars_at_once() -> None:
    told = {str(lie) for lie in of_operation("novel", Novel)}
    assert told >= {
        "novel.request.patience: tenfold",
        "novel.request.flag: ignored",
        "novel.request.flag: the other",
        "novel.request.inner: none",
        "novel.request.inner.depth: one more",
        "novel.request.inner.label: another",
        "novel.answer: first dropped",
        "novel.answer: stale",
        "novel.answer.[].depth: one less",
        "novel.outcome: ok for refused",
        "novel.outcome: not done",
    }


def test_a_type_that_nobody_can_lie_about_is_refused() -> None:
    class Strange(Operation, frozen=True):
        needs: ClassVar[Needs] = ("topics",)
        weight: float

    with pytest.raises(TypeError, match="weight"):
        of_operation("strange", Strange)


def test_what_a_broker_does_not_have_is_not_lied_about() -> None:
    whole = ReferenceAdapter({}).describe()
    without = msgspec.structs.replace(
        whole, capabilities={key: bound for key, bound in whole.capabilities.items() if key != "groups.admin"}
    )
    lost = {lie.subject for lie in liars(whole)} - {lie.subject for lie in liars(without)}
    assert lost == {word for word, kind in OPERATIONS.items() if "groups.admin" in kind.needs}
    assert isinstance(without, Description)


def test_no_two_liars_have_one_name() -> None:
    names = [str(lie) for lie in liars(ReferenceAdapter({}).describe())]
    assert len(names) == len(set(names))
