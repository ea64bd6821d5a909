"""What goes between a run's machine and this one: what is here, what is on its way, what is only there. Pure."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from cockpit.inks import Line
from cockpit.watching.moment import Moment
from engine.cli import words
from engine.display import display
from engine.events.saves import Pulled
from engine.events.trainer import Saved
from engine.sync import wanted
from engine.view import View

NAME, TEXT = 80, 200
BAR = 10
Key = tuple[int, str]
"""The attempt, and the path on the machine."""


@dataclass(frozen=True)
class Crossing:
    """One thing, as it stands."""

    sign: str
    ink: str
    name: str
    size: int | None
    state: str
    when: str


def crossings(moment: Moment, workspace: Mapping[str, Any]) -> list[Crossing]:
    """Upwards what the run needs, downwards what it tells and what it makes, the newest first."""
    return [
        _project(moment),
        _told(moment),
        *_checkpoints(moment, workspace),
        *_brought(moment),
        *_staying(moment),
    ]


def _project(moment: Moment) -> Crossing:
    keeper, name = moment.frame.view.keeper, "project and environment"
    if keeper.unprepared is not None:
        return Crossing("✖", "bad", name, None, display(keeper.unprepared.reason, TEXT), "")
    if keeper.preparing is not None:
        what = display(keeper.preparing.what, TEXT)
        return Crossing("↑", "accent", name, None, what, "being made ready")
    last = moment.frame.view.last
    if last is None:
        return Crossing("○", "muted", name, None, "goes up when the run begins", "")
    when = f"before attempt {last.number}"
    return Crossing("✔", "good", name, None, "there, by its content", when)


def _told(moment: Moment) -> Crossing:
    """Metrics and console are streamed and never copied."""
    lines, status = len(moment.console), moment.status
    name = f"metrics and console, {lines:,} lines"
    if status.exit_status is not None:
        return Crossing("✔", "good", name, None, "all of it is here", "")
    if moment.frame.view.last is None:
        return Crossing("○", "muted", name, None, "come as they are written", "")
    if status.word.startswith("OFFLINE"):
        return Crossing("◌", "warn", name, None, "goes on when the line is back", "")
    return Crossing("●", "good", name, None, "as it is written", "")


def _checkpoints(moment: Moment, workspace: Mapping[str, Any]) -> Iterator[Crossing]:
    """Those that come or came. The others are counted at the end of the list."""
    ended = moment.status.exit_status is not None
    here, due = _here(moment.frame.view), _due(moment)
    for key, saved in _saved(moment.frame.view):
        name = display(PurePosixPath(key[1]).name, NAME)
        if _moves(moment, name):
            yield Crossing("↓", "accent", name, saved.bytes, *_moving(moment))
        elif key in due:
            when = "g fetches it" if ended else _rhythm(workspace)
            yield Crossing("‼", "warn", name, saved.bytes, "only there", when)
        elif key in here:
            yield Crossing("✔", "good", name, here[key].bytes, *_came(here[key]))


def _staying(moment: Moment) -> Iterator[Crossing]:
    here, due = _here(moment.frame.view), _due(moment)
    left = [saved for key, saved in _saved(moment.frame.view) if key not in here and key not in due]
    if left:
        whole = sum(one.bytes or 0 for one in left) if all(one.bytes for one in left) else None
        name = words.many(len(left), "more checkpoint")
        yield Crossing("·", "faint", name, whole, "older ones stay there", "")


def _here(view: View) -> dict[Key, Pulled]:
    return {(one.attempt, one.path): one for one in view.keeper.saves.pulled}


def _due(moment: Moment) -> set[Key]:
    ended = moment.status.exit_status is not None
    return {(one.attempt, one.path) for one in wanted.checkpoints(moment.frame.view, ended)}


def _saved(view: View) -> Iterator[tuple[Key, Saved]]:
    """What trainers announced, the newest first, each path once."""
    known = set[Key]()
    for attempt in reversed(view.attempts):
        for saved in reversed(attempt.facts.trainer.saved):
            key = attempt.number, os.path.join(attempt.opening.cwd, saved.path)
            if key not in known:
                known.add(key)
                yield key, saved


def _brought(moment: Moment) -> Iterator[Crossing]:
    """What nobody announced: scripts' checkpoints that globs found, and results."""
    view = moment.frame.view
    announced = {key for key, _ in _saved(view)}
    found = [one for one in view.keeper.saves.pulled if (one.attempt, one.path) not in announced]
    for one in reversed(found):
        base = PurePosixPath(one.path).name or one.path
        name = display(
            base if one.step is not None else f"{words.many(one.files, 'file')} of {base}", NAME
        )
        yield Crossing("✔", "good", name, one.bytes, *_came(one))
    if _moves(moment, "results"):
        yield Crossing("↓", "accent", "results", None, *_moving(moment))


def _came(one: Pulled) -> tuple[str, str]:
    return "here, every byte compared", words.moment(one.t)


def _moves(moment: Moment, name: str) -> bool:
    return moment.transfer is not None and moment.transfer.get("what") == name


def _moving(moment: Moment) -> tuple[str, str]:
    """How far, how fast, how long still."""
    now = moment.transfer or {}
    done, total = _number(now.get("done_bytes")), _number(now.get("total_bytes"))
    share = done / total if done is not None and total else 0.0
    full = min(round(share * BAR), BAR)
    speed = _number(now.get("bytes_s"))
    left = words.span(_number(now.get("eta_s")))
    at = f"{words.size(speed)}/s" if speed else "begins"
    return f"{'█' * full}{'░' * (BAR - full)} {100 * share:.0f} %  {at}", f"{left} left"


def _rhythm(workspace: Mapping[str, Any]) -> str:
    minutes = _number(workspace.get("pull_minutes"))
    return "at the end, or g" if minutes is None else f"within {words.span(60 * minutes)}, or g"


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and value >= 0 else None


def history(view: View) -> list[Line]:
    """What came, the newest first, and why the rest did not."""
    facts, lines = view.keeper.saves, list[Line]()
    settled = facts.settled
    if settled is not None and settled.reason is not None:
        reason = display(settled.reason, TEXT)
        lines.append([(f"{words.moment(settled.t)}  ", "muted"), (f"✖ {reason}", "bad")])
    for one in sorted(facts.pulled, key=lambda one: one.t or 0.0, reverse=True):
        name = display(PurePosixPath(one.path).name or one.path, NAME)
        speed = f", {words.size(one.bytes / one.seconds)}/s" if one.seconds else ""
        took = f" in {words.span(one.seconds)}{speed}" if one.seconds is not None else ""
        way = f" by {one.way}" if one.way else ""
        lines.append(
            [
                (f"{words.moment(one.t)}  ", "muted"),
                ("↓ ", "good"),
                (name, "text"),
                (
                    f"   {words.many(one.files, 'file')}, {words.size(one.bytes)}{took}{way}",
                    "muted",
                ),
            ]
        )
    return lines


def rules(workspace: Mapping[str, Any], table: Mapping[str, Any]) -> list[Line]:
    """What the profile says goes up and comes down, and when."""
    checkpoints = table.get("checkpoints")
    globs = checkpoints.get("glob") if isinstance(checkpoints, Mapping) else ()
    minutes = _number(workspace.get("pull_minutes"))
    often = "at the end" if minutes is None else f"every {words.span(60 * minutes)}, and at the end"
    limit = _number(workspace.get("bandwidth_mb_s"))
    up = f"{_list('', workspace.get('push'))}, not what .gitignore names"
    down = "the newest whole checkpoint, at the end also the best"
    return [
        _rule("up", up + _list(", nor ", workspace.get("exclude"))),
        _rule(
            "down", down + _list("; found by ", globs) + _list("; results ", workspace.get("pull"))
        ),
        _rule("when", often),
        _rule("speed", "all there is" if limit is None else f"{limit:g} MB/s at most"),
        _rule("deleted", "nothing, neither here nor there"),
    ]


def _rule(label: str, text: str) -> Line:
    return [(f"{label:<9}", "faint"), (text, "text")]


def _list(before: str, value: object) -> str:
    """Nothing at all where nothing is named."""
    parts = value if isinstance(value, (list, tuple)) else ()
    return before + display(" ".join(str(part) for part in parts), TEXT) if parts else ""
