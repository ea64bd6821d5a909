"""The frame around the benchmarks: what it finds, prints and survives. No figure is asserted."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.bench import __main__ as frame
from tests.bench import table
from tests.bench.figures import Figure, figure
from tests.bench.measure import Failed, apart


def test_a_plain_tuple_is_a_figure_and_a_peer_has_a_ratio() -> None:
    assert figure(("x", 1.0, "s", "why")) == Figure("x", 1.0, "s", note="why")
    assert figure(Figure("x", 2.0, "s", "peer", 9.0)).ratio == 4.5
    assert figure(Figure("x", None, "s", "peer", 9.0)).ratio is None


def test_columns_stand_below_each_other() -> None:
    found = [
        Figure("short", 0.01234, "s", note="free"),
        Figure("longer", 1234567.0, "rows", "peer", 3.0, 2.5, "<= 3"),
    ]
    head, *lines = table.text(found).splitlines()
    assert [line[head.index("ours") :].split()[0] for line in lines] == ["0.0123", "1,234,567"]
    assert table.markdown(found).count("\n") == 4


def test_a_bench_that_fails_is_a_line_that_says_why(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert {"columns", "emit", "first_step", "gpu_train", "ls", "nvml", "telling", "train"} <= set(
        frame.benches()
    )
    (found,) = frame._apart("no_such_bench")
    assert found.value is None and "invalid choice" in found.note


def test_a_process_is_measured_by_what_it_does() -> None:
    cost = apart("math:sqrt", 16)
    assert cost.result == 4.0
    assert 0 < cost.rss_mb < 100
    with pytest.raises(Failed, match="math domain error"):
        apart("math:sqrt", -1)


def test_what_is_measured_loads_nothing_for_the_bench_itself() -> None:
    code = "import sys, tests.bench.readers, tests.bench.measure; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
