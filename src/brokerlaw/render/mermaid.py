"""A run as a Mermaid sequence diagram: a lifeline for each interchangeable value that takes part.

A step with two of them is an arrow from the first to the second, one with more or fewer a note over all whom it
concerns. Format: https://mermaid.js.org/syntax/sequenceDiagram.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from brokerlaw.render.story import Event, Story, actors, events, initially

_EVERYBODY = "all"


def render(story: Story) -> str:
    """The text of the diagram."""
    return "\n".join(_lines(story)) + "\n"


def _lines(story: Story) -> Iterator[str]:
    yield "sequenceDiagram"
    names = {actor.name: f"p{at}" for at, actor in enumerate(actors(story))} or {story.model.spec.name: _EVERYBODY}
    for name, alias in names.items():
        yield f"    participant {alias} as {_escaped(name)}"
    ids = list(names.values())
    yield _note(ids, ["initially", *(initially(story) or ["every cell has its first value"])])
    for number, event in enumerate(events(story)):
        if number == story.loop:
            yield "    loop for ever"
        yield _step(event, [names[each] for each in event.actors], ids)
    if story.loop is not None and story.loop < len(story.trace.steps):
        yield "    end"
    yield _note(ids, [f"{'✓' if story.good else '✗'} {story.ending}"])


def _step(event: Event, concerned: Sequence[str], everybody: Sequence[str]) -> str:
    text = [f"{event.number}. {event.call}", *event.changes]
    if len(concerned) == 2:
        return f"    {concerned[0]}->>{concerned[1]}: {_text(text)}"
    return _note(sorted(concerned, key=everybody.index) or everybody, text)


def _note(over: Sequence[str], text: Sequence[str]) -> str:
    return f"    Note over {','.join(dict.fromkeys((over[0], over[-1])))}: {_text(text)}"


def _text(lines: Sequence[str]) -> str:
    return "<br/>".join(map(_escaped, lines))


def _escaped(text: str) -> str:
    """Text that Mermaid takes as it is: its own signs as entity codes."""
    return "".join(f"#{ord(char)};" if char in '#;<>&\\"%{}' else char for char in text).replace("\n", " ")
