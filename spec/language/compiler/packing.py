"""Where each cell lies in a packed state: as few bits as its values need, never across two 64-bit words."""

from __future__ import annotations

from collections.abc import Sequence

from brokerlaw.spec.language.layout import Layout, State


class Packing:
    """A layout's cells in 64-bit words: `places` are (word, shift, bits), in the order of the cells."""

    def __init__(self, layout: Layout) -> None:
        self.places: list[tuple[int, int, int]] = []
        word, shift = 0, 0
        for cell in layout.cells:
            bits = (cell.size - 1).bit_length()
            if shift + bits > 64:
                word, shift = word + 1, 0
            self.places.append((word, shift, bits))
            shift += bits
        self.words = word + 1
        self._each = [(word, shift, (1 << bits) - 1) for word, shift, bits in self.places]

    def pack(self, state: State) -> list[int]:
        """Give a state's words."""
        words = [0] * self.words
        for code, (word, shift, _) in zip(state, self.places, strict=True):
            words[word] |= code << shift
        return words

    def unpack(self, words: Sequence[int]) -> State:
        """Give the state of these words."""
        return tuple([words[word] >> shift & mask for word, shift, mask in self._each])
