"""A run as a sequence diagram in SVG: lifelines, steps as arrows or boxes, and beside each step what it changed.

A step with two interchangeable values or more is an arrow from the first to the last of its parameters, with a dot at
those between; one with a single value is a box on its lifeline, one with none a box across all. All text is escaped.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from brokerlaw.render.story import Actor, Event, Story, actors, bounded, events, initially

_INK, _SOFT, _LINE, _BAND, _PAPER = "#1c2430", "#5b6675", "#c9d0da", "#f5f7fa", "#ffffff"
_GOOD, _BAD, _LOOP = "#1f7a4d", "#b3261e", "#6b4fbb"
_KINDS: Final = ("#2f6fb3", "#b36b00", "#2e7d6b", "#9a3b8f", "#6b6f1a", "#5a5f9e")
_MONO: Final = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_SANS: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
_CHAR, _BOLD = 7.3, 8.3
"""Width of a character, generously."""
_ROW, _LEADING, _GUTTER, _TOP, _WRAP = 54, 17, 60, 108, 84


def render(story: Story) -> str:
    """The diagram as an SVG document."""
    drawing = _Drawing(story)
    body = "\n".join(drawing.parts())
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {drawing.width:.0f} {drawing.height:.0f}" '
        f'width="{drawing.width:.0f}" height="{drawing.height:.0f}" font-family="{_SANS}" font-size="13" fill="{_INK}" '
        f'role="img">'
    )
    return f"{head}\n<title>{escape(story.title)}: {escape(story.ending)}</title>\n{body}\n</svg>\n"


@dataclass(frozen=True)
class _Row:
    """A step with its place on the page."""

    event: Event
    lines: tuple[str, ...]
    top: float
    height: float

    @property
    def middle(self) -> float:
        return self.top + self.height / 2


class _Drawing:
    """Where everything lies."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.events = events(story)
        self.actors = actors(story) or [Actor(story.model.spec.name, 0)]
        self.gap = self._gap()
        self.x = {actor.name: _GUTTER + self.gap * (at + 0.5) for at, actor in enumerate(self.actors)}
        self.right = _GUTTER + self.gap * len(self.actors)  # where the notes begin
        self.start = _wrapped(initially(story) or ["every cell has its first value"])
        self.rows = list(self._rows(_TOP + self._tall(self.start)))
        self.ending = textwrap.wrap(story.ending, max(40, int(self._inner() / _BOLD)))
        self.bottom = self.rows[-1].top + self.rows[-1].height if self.rows else _TOP + self._tall(self.start)
        self.width = self.right + self._notes()
        self.height = self.bottom + 46 + _LEADING * len(self.ending)

    def _gap(self) -> float:
        """How far lifelines are apart: names fit, and each label fits its arrow or box."""
        place = {actor.name: at for at, actor in enumerate(self.actors)}
        widest = max(len(name) * _BOLD + 44 for name in place)
        for event in self.events:
            ends = [place[name] for name in event.actors]
            span = max(ends) - min(ends) if len(ends) > 1 else 1 if ends else len(place)
            widest = max(widest, (len(_label(event)) * _CHAR + 40) / span)
        return max(120.0, widest)

    def _notes(self) -> float:
        lines = [*self.start, *(line for row in self.rows for line in row.lines)]
        return max(len(line) for line in lines) * _CHAR + 36

    def _inner(self) -> float:
        return self.right + self._notes() - _GUTTER - 40

    def _tall(self, lines: Sequence[str]) -> float:
        return max(_ROW, 22 + _LEADING * len(lines))

    def _rows(self, top: float) -> Iterator[_Row]:
        for event in self.events:
            lines = _wrapped(event.changes)
            yield _Row(event, lines, top, self._tall(lines))
            top += self._tall(lines)

    def parts(self) -> Iterator[str]:
        """Every element, the lowest first."""
        yield f'<rect width="100%" height="100%" rx="10" fill="{_PAPER}"/>'
        yield _text(24, 34, self.story.title, 'font-size="17" font-weight="650"')
        yield _text(24, 55, bounded(self.story.model.layout.bounds), f'font-size="12" fill="{_SOFT}"')
        yield from self._bands()
        yield from self._lifelines()
        yield from self._loop()
        yield from self._said(_TOP, self.start, "0")
        for row in self.rows:
            yield f"<g><title>{escape(row.event.call)}</title>"
            yield from self._step(row)
            yield from self._said(row.top, row.lines, str(row.event.number), row.height)
            yield "</g>"
        yield from self._conclusion()

    def _bands(self) -> Iterator[str]:
        for row in self.rows[::2]:
            yield f'<rect x="0" y="{row.top:.1f}" width="{self.width:.1f}" height="{row.height:.1f}" fill="{_BAND}"/>'

    def _lifelines(self) -> Iterator[str]:
        for actor in self.actors:
            x, colour, half = self.x[actor.name], _KINDS[actor.kind % len(_KINDS)], len(actor.name) * _BOLD / 2 + 14
            yield (
                f'<line x1="{x:.1f}" y1="96" x2="{x:.1f}" y2="{self.bottom:.1f}" stroke="{_LINE}" stroke-width="1.5"/>'
                f'<rect x="{x - half:.1f}" y="72" width="{2 * half:.1f}" height="28" rx="14" fill="{colour}"/>'
            )
            yield _text(x, 91, actor.name, 'fill="#fff" font-weight="600" text-anchor="middle"')

    def _loop(self) -> Iterator[str]:
        """A bracket beside the steps that go on for ever."""
        around = self.rows[self.story.loop :] if self.story.loop is not None else []
        if around:
            top, end = around[0].top + 6, self.bottom - 6
            place = f'transform="translate(14 {(top + end) / 2:.1f}) rotate(-90)" text-anchor="middle"'
            yield f'<path d="M 24 {top:.1f} H 18 V {end:.1f} H 24" fill="none" stroke="{_LOOP}" stroke-width="2"/>'
            yield _text(0, 0, "for ever", f'{place} font-size="11" font-weight="600" fill="{_LOOP}"')

    def _said(self, top: float, lines: Sequence[str], number: str, height: float = 0) -> Iterator[str]:
        tall = height or self._tall(lines)
        yield _text(40, top + tall / 2 + 4, number, f'font-size="12" fill="{_SOFT}" text-anchor="middle"')
        first = top + tall / 2 - _LEADING * (len(lines) - 1) / 2 + 4
        for at, line in enumerate(lines):
            yield _text(self.right + 12, first + _LEADING * at, line, f'font-family="{_MONO}" font-size="12"')

    def _step(self, row: _Row) -> Iterator[str]:
        xs = [self.x[name] for name in row.event.actors]
        if len(xs) < 2:
            yield from self._box(row, xs)
            return
        y, first, last = row.middle + 8, xs[0], xs[-1]
        way = 1 if last > first else -1
        yield (
            f'<line x1="{first:.1f}" y1="{y:.1f}" x2="{last - 7 * way:.1f}" y2="{y:.1f}" stroke="{_INK}" '
            f'stroke-width="1.6"/>'
            f'<path d="M {last:.1f} {y:.1f} l {-9 * way} -5 v 10 z"/>'
        )
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x in xs[:-1])
        yield from _labelled((min(xs) + max(xs)) / 2, y - 9, row.event, halo=True)

    def _box(self, row: _Row, xs: Sequence[float]) -> Iterator[str]:
        half = len(_label(row.event)) * _CHAR / 2 + 12
        if not xs:
            half = max(half, (self.right - _GUTTER) / 2 - 14)
        x = xs[0] if xs else (_GUTTER + self.right) / 2
        yield (
            f'<rect x="{x - half:.1f}" y="{row.middle - 14:.1f}" width="{2 * half:.1f}" height="28" rx="6" '
            f'fill="{_PAPER}" stroke="{_INK}" stroke-width="1.2"/>'
        )
        yield from _labelled(x, row.middle + 4, row.event)

    def _conclusion(self) -> Iterator[str]:
        colour, sign = (_GOOD, "✓") if self.story.good else (_BAD, "✗")
        top, tall = self.bottom + 14, 18 + _LEADING * len(self.ending)
        yield f'<rect x="16" y="{top:.1f}" width="{self.width - 32:.1f}" height="{tall}" rx="8" fill="{colour}"/>'
        yield _text(30, top + 21, sign, 'fill="#fff" font-weight="700"')
        for at, line in enumerate(self.ending):
            yield _text(50, top + 21 + _LEADING * at, line, 'fill="#fff" font-weight="550"')


def _label(event: Event) -> str:
    return f"{event.action} {event.rest}" if event.rest else event.action


def _labelled(x: float, y: float, event: Event, halo: bool = False) -> Iterator[str]:
    style = f'paint-order="stroke" stroke="{_PAPER}" stroke-width="4" stroke-linejoin="round" ' if halo else ""
    rest = f' <tspan fill="{_SOFT}" font-weight="400">{escape(event.rest)}</tspan>' if event.rest else ""
    yield (
        f'<text x="{x:.1f}" y="{y:.1f}" {style}text-anchor="middle" font-size="12.5" font-weight="600">'
        f"{escape(event.action)}{rest}</text>"
    )


def _text(x: float, y: float, text: str, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'


def _wrapped(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(part for line in lines for part in textwrap.wrap(line, _WRAP, subsequent_indent="    ") or [""])
