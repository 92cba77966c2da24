"""Kafka's default partitioner for keyed records: murmur2 over the key, over many keys at once.

Source: Austin Appleby's MurmurHash2 with the seed and the sign handling that Kafka's clients use.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from brokerlaw.spec.history.columns import Ints

_SEED = np.uint32(0x9747B28C)
_MIX = np.uint32(0x5BD1E995)
Words = npt.NDArray[np.uint32]


def partitions(keys: Sequence[bytes], counts: Ints) -> Ints:
    """The partition of each key in a topic of `counts` partitions."""
    hashes = np.zeros(len(keys), dtype=np.int64)
    lengths = np.array([len(key) for key in keys], dtype=np.int64)
    for length in np.unique(lengths).tolist():
        same = np.flatnonzero(lengths == length)
        joined = np.frombuffer(b"".join(keys[i] for i in same.tolist()), dtype=np.uint8)
        hashes[same] = murmur2(joined.reshape(len(same), length))
    return (hashes & 0x7FFFFFFF) % counts


def murmur2(keys: npt.NDArray[np.uint8]) -> Words:
    """The hash of each row, all of one length."""
    count, length = keys.shape
    whole = length // 4 * 4
    blocks = np.ascontiguousarray(keys[:, :whole]).view("<u4").astype(np.uint32)
    state = np.full(count, _SEED ^ np.uint32(length), dtype=np.uint32)
    for column in range(blocks.shape[1]):
        word = blocks[:, column] * _MIX
        state = state * _MIX ^ (word ^ word >> np.uint32(24)) * _MIX
    if whole < length:
        for place in range(whole, length):
            state ^= keys[:, place].astype(np.uint32) << np.uint32(8 * (place - whole))
        state *= _MIX
    state = (state ^ state >> np.uint32(13)) * _MIX
    return state ^ state >> np.uint32(15)
