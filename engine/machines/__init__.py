"""Where attempts run. A machine runs commands, follows files and moves them in and out."""

from __future__ import annotations

from engine.hosts import Host
from engine.machines.local import Local
from engine.machines.machine import Line, Machine
from engine.runs import Run


def of(host: Host | None, run: Run, early: Line | None = None) -> Machine:
    """This run's use of a host; None is the user's own machine. `early` is a line that somebody opened before."""
    if host is None:
        return Local(run)
    # A run of this machine loads no ssh.
    from engine.machines.remote import Remote

    return Remote(host, run, early)
