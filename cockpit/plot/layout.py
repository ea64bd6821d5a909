"""Where the parts of a chart go, at any size: the plot first, then a heading, then labels, then comfort."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    width: int
    height: int
    gutter: int
    """Columns for the labels of y, their line included; 0: none."""
    top: int
    """Rows of the heading."""
    rows: int
    """Rows of the plot."""
    rule: int | None
    """The row of the line below the plot, which carries the marks."""
    labels: int | None
    """The row of the labels of x."""

    @property
    def columns(self) -> int:
        return self.width - self.gutter

    @property
    def plot(self) -> tuple[slice, slice]:
        return slice(self.top, self.top + self.rows), slice(self.gutter, self.width)


def laid(width: int, height: int, legend: bool = False) -> Layout:
    """`legend` asks for a second row of heading, which only a tall chart has."""
    gutter = 7 if width >= 36 else 6 if width >= 20 else 0
    top = (2 if legend and height >= 10 else 1) if height >= 2 else 0
    labels = height - 1 if height >= 4 else None
    rule = height - 2 if height >= 7 else None
    rows = height - top - (labels is not None) - (rule is not None)
    return Layout(width, height, gutter, top, rows, rule, labels)
