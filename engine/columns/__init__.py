"""The rows of an attempt as columns of numbers: for charts, comparison, export, and for a quick look at a long run.

Bytes of a trainer's segment (or of a console, through its dialect) become one `Table`; `tally` makes of it what the
scalar fold makes of the rows. The meaning of a line is that of `engine.events` and of nothing else. numpy and msgspec
are needed, so this is for the user's side alone: the runner never imports it.
"""

from __future__ import annotations

from engine.columns.ahead import ahead
from engine.columns.columns import Columns
from engine.columns.envelope import Envelope, envelope
from engine.columns.preview import preview
from engine.columns.series import EMPTY, Series, Table
from engine.columns.source import Source, of_console, of_files, of_trainer
from engine.columns.tally import tally
from engine.columns.times import times

__all__ = [
    "EMPTY",
    "Columns",
    "Envelope",
    "Series",
    "Source",
    "Table",
    "ahead",
    "envelope",
    "of_console",
    "of_files",
    "of_trainer",
    "preview",
    "tally",
    "times",
]
