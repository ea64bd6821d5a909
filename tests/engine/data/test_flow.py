"""The maximum flow against all cuts of small networks."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from engine.data.flow import Network

NODES = range(6)
arcs = st.dictionaries(
    st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)).filter(lambda a: a[0] != a[1]),
    st.integers(0, 12),
    max_size=20,
)


def smallest_cut(capacities: dict[tuple[int, int], int]) -> int:
    """Over every side of the source."""
    inner = [n for n in NODES if n not in (0, 5)]
    sides = [{0, *chosen} for size in range(5) for chosen in combinations(inner, size)]
    return min(
        sum(c for (tail, head), c in capacities.items() if tail in side and head not in side)
        for side in sides
    )


@given(arcs)
def test_the_flow_is_the_smallest_cut(capacities: dict[tuple[int, int], int]) -> None:
    net = Network()
    numbers = {arc: net.arc(*arc, capacity) for arc, capacity in capacities.items()}
    assert net.push(0, 5) == smallest_cut(capacities)
    for node in NODES[1:-1]:
        came = sum(net.flow(n) for (_, head), n in numbers.items() if head == node)
        went = sum(net.flow(n) for (tail, _), n in numbers.items() if tail == node)
        assert came == went
    side = net.within(0)
    cut = sum(c for (tail, head), c in capacities.items() if tail in side and head not in side)
    assert cut == smallest_cut(capacities)


@given(arcs, st.integers(1, 9))
def test_what_left_the_source_stays_when_room_is_added(
    capacities: dict[tuple[int, int], int], more: int
) -> None:
    net = Network()
    numbers = {arc: net.arc(*arc, capacity) for arc, capacity in capacities.items()}
    net.push(0, 5)
    before = {arc: net.flow(n) for arc, n in numbers.items() if arc[0] == 0 and arc[1] != 0}
    into = {arc: net.flow(n) for arc, n in numbers.items() if arc[1] == 5}
    for arc, number in numbers.items():
        net.widen(number, capacities[arc] + more)
    net.push(0, 5)
    assert all(net.flow(numbers[arc]) >= flow for arc, flow in {**before, **into}.items())
