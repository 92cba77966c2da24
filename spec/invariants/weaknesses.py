"""What a history shows that some expect of no broker, and that Kafka documents: told, and no breach of any promise."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from brokerlaw.spec.history.evidence.dependencies import Edges, isolated_reads, reads_of_others, writes_before
from brokerlaw.spec.history.evidence.records import acked
from brokerlaw.spec.history.history import History
from brokerlaw.spec.invariants.cycles import Graph, shortest_circle
from brokerlaw.spec.invariants.invariant import Violation
from brokerlaw.spec.invariants.wording import place, violation


class Weakness(NamedTuple):
    """By Adya's name: one example, and how many tangles there are that share nothing."""

    name: str
    example: Violation
    tangles: int


def weaknesses(h: History) -> list[Weakness]:
    """Circles of transactions whose writes stand between one another: Kafka orders records, and isolates readers only.

    G0 has writes alone; G1c, as it is meant here, writes and reads.
    Sources: Adya (1999); jepsen.tests.kafka, allowed-error-types; KIP-98.
    """
    if not len(h.ends):
        return []
    import networkx as nx

    writes, reads = writes_before(h), reads_of_others(h)
    graph = _graph(writes, "write")
    both = nx.compose(_graph(reads, "read"), graph)  # where two follow one another in both ways, the write is told
    return [
        *_circles(h, "G0", graph, {"write": writes}),
        *_circles(h, "G1c with writes", both, {"write": writes, "read": reads}),
    ][:1]


def _graph(edges: Edges, kind: str) -> Graph:
    import networkx as nx

    graph: Graph = nx.DiGraph()
    pairs = zip(edges.before.tolist(), edges.after.tolist(), strict=True)
    graph.add_edges_from((before, after, {"edge": (kind, row)}) for row, (before, after) in enumerate(pairs))
    return graph


def _circles(h: History, name: str, graph: Graph, edges: dict[str, Edges]) -> Iterator[Weakness]:
    """The first tangle of which a short circle has writes, by that circle. One of reads alone is a breach."""
    import networkx as nx

    tangles = sorted((each for each in nx.strongly_connected_components(graph) if len(each) > 1), key=min)
    for tangle in tangles:
        steps = [graph.edges[pair]["edge"] for pair in pairwise(shortest_circle(graph, tangle))]
        if any(kind == "write" for kind, _ in steps):
            told = [_step(h, kind, int(edges[kind].example[row])) for kind, row in steps]
            reason, shown = ", and ".join(words for words, _ in told), [op for _, op in told]
            yield Weakness(name, violation(h, reason, shown), len(tangles))
            return


def _step(h: History, kind: str, example: int) -> tuple[str, int]:
    return _written(h, example) if kind == "write" else _read(h, example)


def _written(h: History, send: int) -> tuple[str, int]:
    sends = acked(h)
    where = place(h, sends.tp[send], sends.offset[send])
    return f"{h.processes[sends.process[send]]} wrote {where} before the next of them did", int(sends.op[send])


def _read(h: History, read: int) -> tuple[str, int]:
    reads = isolated_reads(h)
    where = place(h, reads.tp[read], reads.offset[read])
    return f"{h.processes[reads.process[read]]} read {where} of the one before", int(reads.op[read])
