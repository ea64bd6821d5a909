"""What a screen of one run gets: everything as of one moment, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cockpit.watching.console import Console
from cockpit.watching.head import Position
from engine.curves.curves import Curves
from engine.frame import Frame
from engine.status import Status, Terms

if TYPE_CHECKING:
    from engine.checkpoints import Checkpoint


@dataclass(frozen=True)
class Moment:
    """`position` is known where time can be moved. `behind` is bytes that were not read yet."""

    frame: Frame
    status: Status
    terms: Terms
    curves: Curves
    console: Console
    saves: tuple[Checkpoint, ...] = ()
    """What the run could go on from; empty where nobody can look at its disk."""
    position: Position | None = None
    behind: int = 0
    transfer: Mapping[str, Any] | None = None
    """What is on its way from the run's machine just now, as `engine.sync.meter` tells it."""
