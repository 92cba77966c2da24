"""Cycles: committed transactions follow one another, and time."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from brokerlaw.spec.history.evidence.dependencies import (
    Edges,
    isolated_reads,
    overlapping,
    passed,
    reads_of_others,
)
from brokerlaw.spec.history.evidence.records import DURABLE, acked, commit_asked
from brokerlaw.spec.history.evidence.relations import NEVER, among, firsts
from brokerlaw.spec.history.evidence.settings import under
from brokerlaw.spec.history.history import History
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.transactions import ISOLATED
from brokerlaw.spec.invariants.wording import place, value, violation

if TYPE_CHECKING:
    import networkx as nx  # imported where it is used: it takes a fifth of the start of a command

Graph: TypeAlias = "nx.DiGraph[int]"
PROMISED: Final = (*DURABLE, *ISOLATED)
MOST: Final = 200
"""The most nodes of a tangle whose circles are compared to find a short one."""


@invariant(
    "cycles.write-read",
    statement="read_committed consumers see transactions one after another: no circle of reads, and none against time.",
    formal="∀ t₁ → … → r, where x → y: y read_committed-read a record of x, or read past one, x committed:"
    " ¬ (r is t₁) ∧ ¬ (completed(r) < commit asked(t₁))",
    source="Adya (1999): G1c; Jepsen, jepsen.tests.kafka: G1c of wr edges, -process and -realtime; KIP-98: nothing is"
    " given beyond the last stable offset",
    capabilities=("topics", "transactions"),
    promised=PROMISED,
    mutants=("KAFKA-9807",),
)
def write_read(h: History) -> Finding:
    """A reader that was given a record behind one of a transaction may rely on it that the transaction has ended.

    What is read before its own transaction was asked to be committed breaks `transactions.committed-only`.
    """
    if not len(h.ends):
        return Finding(0)
    tested, past = _read_past(h)
    edges = reads_of_others(h)
    return Finding(tested + len(edges), (*past, *_circles(h, edges)))


def _read_past(h: History) -> tuple[int, list[Violation]]:
    """How many reads lay behind a committed record of another; and those that came before its commit was asked for."""
    reads, behind = isolated_reads(h), passed(h)
    known = np.flatnonzero(behind.send >= 0)
    early = known[behind.asked[known] > reads.completed[known]]
    early = early[np.sort(firsts(behind.asked[early], reads.reader[early]))]  # each reader once
    return len(firsts(reads.tp[known], reads.offset[known])), [
        _past(h, int(read), int(behind.send[read])) for read in early
    ]


def _past(h: History, read: int, send: int) -> Violation:
    reads, sends = isolated_reads(h), acked(h)
    transaction = int(sends.transaction[send])
    where, over = place(h, reads.tp[read], reads.offset[read]), place(h, sends.tp[send], sends.offset[send])
    told = (
        f"{h.processes[reads.process[read]]}, read_committed, was given {where}, beyond {value(h, sends.value[send])}"
    )
    reason = f"{told} at {over}, of a transaction by {h.processes[sends.process[send]]} that was committed only later"
    ends = h.ends.end[h.ends.begin == transaction]
    return violation(h, reason + under(h, PROMISED), (transaction, sends.op[send], *ends, reads.op[read]))


def _circles(h: History, edges: Edges) -> Iterator[Violation]:
    """Each tangle of transactions that read of one another, by a short circle; then the paths against time."""
    edges = edges[overlapping(h, edges)]
    if not among(edges.before, edges.after).any():
        return
    import networkx as nx

    graph = graph_of(edges)
    tangles = [nodes for nodes in nx.strongly_connected_components(graph) if len(nodes) > 1]
    for nodes in sorted(tangles, key=min):
        yield _circle(h, edges, graph, shortest_circle(graph, nodes))
    graph.remove_nodes_from([node for nodes in tangles for node in nodes])
    for path in _against_time(h, graph):
        yield _path(h, edges, graph, path)


def graph_of(edges: Edges) -> Graph:
    """The edges, each with its row among them."""
    import networkx as nx

    graph: Graph = nx.DiGraph()
    pairs = zip(edges.before.tolist(), edges.after.tolist(), strict=True)
    graph.add_edges_from((before, after, {"row": row}) for row, (before, after) in enumerate(pairs))
    return graph


def shortest_circle(graph: Graph, nodes: Iterable[int]) -> list[int]:
    """A circle in a tangle, its first node again at its end: the shortest through any of its first nodes."""
    import networkx as nx

    inside = graph.subgraph(nodes)
    found: list[int] = []
    for node in sorted(inside)[:MOST]:
        back = nx.shortest_path(inside, target=node)
        for after in sorted(inside.successors(node)):
            circle = [node, *back[after]]
            if not found or len(circle) < len(found):
                found = circle
        if len(found) == 3:
            break
    return found


def _against_time(h: History, graph: Graph) -> Iterator[list[int]]:
    """Paths to a reader that had ended before the first of them was asked to be committed."""
    import networkx as nx

    asked, ended = commit_asked(h), h.operations.completed
    since = {node: int(asked[node]) if asked[node] < NEVER else -1 for node in graph}
    latest: dict[int, int] = {}
    for node in nx.topological_sort(graph):
        before = [latest[each] for each in graph.predecessors(node)]
        first = max([node, *before], key=since.__getitem__)
        if before and since[first] > ended[node]:
            yield nx.shortest_path(graph, first, node)
            first = node  # what follows from it is told once
        latest[node] = first


def _circle(h: History, edges: Edges, graph: Graph, circle: list[int]) -> Violation:
    steps = reading_steps(h, edges, graph, circle)
    reason = f"{told(step for step, _ in steps)}: one of them read before its commit was asked for{under(h, PROMISED)}"
    return violation(h, reason, (op for _, ops in steps for op in ops))


def _path(h: History, edges: Edges, graph: Graph, path: list[int]) -> Violation:
    steps = reading_steps(h, edges, graph, path)
    late = f"which ended before the first of these was asked to be committed{under(h, PROMISED)}"
    ends = h.ends.end[h.ends.begin == path[0]].tolist()
    return violation(h, f"{told(step for step, _ in steps)}, {late}", (*ends, *(op for _, ops in steps for op in ops)))


def reading_steps(h: History, edges: Edges, graph: Graph, path: list[int]) -> list[tuple[str, tuple[int, ...]]]:
    """Each step of a path of reads in words, and the operations that show it."""
    reads = isolated_reads(h)
    found: list[tuple[str, tuple[int, ...]]] = []
    for before, after in pairwise(path):
        read = int(edges.example[graph.edges[before, after]["row"]])
        send = int(reads.send[read])
        where, writer = place(h, reads.tp[read], reads.offset[read]), h.processes[h.sends.process[send]]
        what = f"{value(h, reads.value[read])} at {where}, of a transaction by {writer}"
        step = f"{h.processes[reads.process[read]]} read {what}"
        found.append((step, (before, int(h.sends.op[send]), int(reads.op[read]))))
    return found


def told(steps: Iterable[str]) -> str:
    """Steps one after the other."""
    return ", and ".join(steps)
