"""Maximum flow in a small network (Dinic), and what bounds it.

Capacities may be raised between two runs: an augmenting path never takes flow back from an arc that leaves the source
or enters the sink, so what was filled first stays filled. That is how precedence is expressed.
"""

from __future__ import annotations

from collections.abc import Hashable

Arc = int


class Network:
    """Nodes are named by anything; an arc is known by its number."""

    def __init__(self) -> None:
        self._number: dict[Hashable, int] = {}
        self._leaving: list[list[Arc]] = []
        self._to: list[int] = []
        self._room: list[int] = []

    def arc(self, tail: Hashable, head: Hashable, capacity: int) -> Arc:
        found = len(self._to)
        a, b = self._node(tail), self._node(head)
        self._to += [b, a]
        self._room += [capacity, 0]
        self._leaving[a].append(found)
        self._leaving[b].append(found + 1)
        return found

    def flow(self, arc: Arc) -> int:
        return self._room[arc ^ 1]

    def widen(self, arc: Arc, capacity: int) -> None:
        """Give an arc a new capacity, not less than what flows in it."""
        self._room[arc] = capacity - self.flow(arc)

    def push(self, source: Hashable, sink: Hashable) -> int:
        """Add as much flow as there is room for; the amount added."""
        start, end, added = self._node(source), self._node(sink), 0
        while (level := self._levels(start))[end] >= 0:
            turn = [0] * len(self._leaving)
            while sent := self._augment((start, end), level, turn):
                added += sent
        return added

    def within(self, source: Hashable) -> set[Hashable]:
        """The nodes that could still be reached: the side of the source of a minimum cut."""
        level = self._levels(self._node(source))
        return {name for name, number in self._number.items() if level[number] >= 0}

    def _node(self, name: Hashable) -> int:
        if name not in self._number:
            self._number[name] = len(self._leaving)
            self._leaving.append([])
        return self._number[name]

    def _levels(self, start: int) -> list[int]:
        level = [-1] * len(self._leaving)
        level[start] = 0
        queue = [start]
        for node in queue:
            for arc in self._leaving[node]:
                head = self._to[arc]
                if self._room[arc] > 0 and level[head] < 0:
                    level[head] = level[node] + 1
                    queue.append(head)
        return level

    def _augment(self, ends: tuple[int, int], level: list[int], turn: list[int]) -> int:
        """One path of a blocking flow; `turn` remembers the dead ends."""
        node, end = ends
        path: list[Arc] = []
        while node != end:
            leaving = self._leaving[node]
            while turn[node] < len(leaving):
                arc = leaving[turn[node]]
                if self._room[arc] > 0 and level[self._to[arc]] == level[node] + 1:
                    path.append(arc)
                    node = self._to[arc]
                    break
                turn[node] += 1
            else:
                if not path:
                    return 0
                node = self._to[path.pop() ^ 1]
                turn[node] += 1
        sent = min(self._room[arc] for arc in path)
        for arc in path:
            self._room[arc] -= sent
            self._room[arc ^ 1] += sent
        return sent
