"""Comings and goings: by which operations the members of a group came or went, or perhaps did."""

from typing import Final

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Ints
from brokerlaw.spec.history.evidence.operations import completed, of_kind
from brokerlaw.spec.history.evidence.relations import NEVER, among
from brokerlaw.spec.history.evidence.waits import members_of
from brokerlaw.spec.history.history import History

COMING_AND_GOING: Final = (ops.OpenConsumer, ops.Subscribe, ops.Unsubscribe, ops.Close, ops.Crash)


def comings_and_goings(h: History, group: str, begun: int, ended: int) -> Ints:
    """Those of clients of the group that went on at any time between these."""
    acts = of_kind(h, *COMING_AND_GOING, failed=True)
    ours = among(h.operations.opened[acts], [*members_of(h, group)])
    then = (h.operations.invoked[acts] < ended) & (completed(h, acts, NEVER) > begun)
    return np.asarray(acts[ours & then], dtype=np.int64)
