"""Every action there is: its key, its words, where it applies, and the command that does the same.

Bindings, footer, help and palette are all made from this one table, so none of them can say anything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from textual.binding import Binding, BindingType

FLEET, RUN, LOGS, CHECKPOINTS, ALERTS, HELP, CHART = (
    "fleet",
    "run",
    "logs",
    "checkpoints",
    "alerts",
    "help",
    "chart",
)
REPLAY = "replay"
ANY = "any"
INSIDE = (RUN, LOGS, CHECKPOINTS, ALERTS)
"""The screens that are about one run."""


@dataclass(frozen=True)
class Action:
    """`name` is the method `action_<name>` of the screen or the app. `rank`: the lower, the earlier in the footer."""

    name: str
    keys: str
    shown: str
    label: str
    where: tuple[str, ...]
    rank: int = 50
    cli: str = ""
    says: str = ""

    @property
    def call(self) -> str:
        """Whose method it is, for who takes it by other means than its key."""
        return f"app.{self.name}" if ANY in self.where else self.name

    def command(self, run: str | None) -> str:
        """The same on a command line; empty where there is none."""
        return self.cli.replace("RUN", run) if run else self.cli


_READ = (*INSIDE, FLEET)
ACTIONS = (
    Action(
        "open", "enter", "Enter", "open", (FLEET,), 1, "engine status RUN", "the run's dashboard"
    ),
    Action("resume_here", "enter", "Enter", "resume from here", (CHECKPOINTS,), 1),
    Action("to_chart", "enter", "Enter", "on the charts", (LOGS,), 6, "", "the step of this line"),
    Action("launch", "n", "n", "new run", (FLEET,), 2, "engine launch PROFILE", "from profiles/"),
    Action("filter_runs", "slash", "/", "filter", (FLEET,), 6, "engine ls", "by name or state"),
    Action("sort", "w", "w", "sort", (FLEET,), 9, "", "newest, by state, by need, by name"),
    Action("dashboard", "d", "d", "dashboard", INSIDE, 10, "engine status RUN"),
    Action("logs", "l", "l", "logs", INSIDE, 11, "engine tail RUN -f"),
    Action("checkpoints", "c", "c", "checkpoints", INSIDE, 12, "engine checkpoints RUN"),
    Action("alerts", "a", "a", "alerts", _READ, 13, "engine alerts RUN"),
    Action("replay", "r", "r", "replay", (FLEET, *INSIDE), 14, "cockpit replay RUN"),
    Action("x_axis", "t", "t", "x: step, time…", (RUN,), 30, "", "what the charts' x counts"),
    Action("verify", "v", "v", "verify", (CHECKPOINTS,), 3, "engine checkpoints RUN verify"),
    Action("pin", "P", "P", "pin", (CHECKPOINTS,), 4, "engine checkpoints RUN pin"),
    Action("search", "slash", "/", "search", (LOGS,), 2, "", "a regular expression"),
    Action("next_match", "n", "n", "next", (LOGS,), 3),
    Action("previous_match", "N", "N", "previous", (LOGS,), 4),
    Action("filter", "f", "f", "matches only", (LOGS,), 5, "", "again: every line"),
    Action(
        "follow", "F", "F", "follow", (LOGS,), 5, "engine tail RUN -f", "stay at the newest line"
    ),
    Action(
        "note", "o", "o", "note", (RUN, LOGS), 33, "engine note RUN TEXT", "kept in its journal"
    ),
    Action("save", "V", "V", "save now", (RUN, CHECKPOINTS), 21, "engine save RUN", "a checkpoint"),
    Action("resume", "R", "R", "resume", _READ, 20, "engine resume RUN", "from a checkpoint"),
    Action("stop", "S", "S", "stop", _READ, 22, "engine stop RUN", "it may save, then it ends"),
    Action("kill", "K", "K", "kill", INSIDE, 60, "engine kill RUN", "at once, nothing is saved"),
    Action("play", "space", "space", "play/pause", (REPLAY,), 1, "engine replay RUN --speed N"),
    Action("back_step", "comma", ",", "step back", (REPLAY,), 3),
    Action("next_step", "full_stop", ".", "step", (REPLAY,), 3),
    Action("last_mark", "left_square_bracket", "[", "marker back", (REPLAY,), 4),
    Action("next_mark", "right_square_bracket", "]", "marker", (REPLAY,), 4),
    Action("last_alert", "left_curly_bracket", "{", "alert back", (REPLAY,), 8),
    Action("next_alert", "right_curly_bracket", "}", "alert", (REPLAY,), 8),
    Action("slower", "less_than_sign", "<", "slower", (REPLAY,), 5),
    Action("faster", "greater_than_sign", ">", "faster", (REPLAY,), 5),
    Action("loop", "L", "L", "loop", (REPLAY,), 7, "", "from the end to the start again"),
    Action("jump", "0,1,2,3,4,5,6,7,8,9", "0-9", "jump to %", (REPLAY,), 6),
    Action("copy", "y", "y", "copy command", (FLEET, LOGS, CHECKPOINTS, ALERTS, HELP), 70),
    Action("fleet", "f", "f", "fleet", (RUN, CHECKPOINTS, ALERTS), 40, "engine ls"),
    Action("palette", "colon,ctrl+p", ":", "all", (ANY,), 80, "", "every action by name"),
    Action("help", "question_mark,f1", "?", "help", (ANY,), 81),
    Action("next_theme", "f2", "F2", "theme", (ANY,), 79, "cockpit --theme NAME"),
    Action("back", "escape", "Esc", "back", (*INSIDE, HELP), 90),
    Action("quit", "q,ctrl+c", "q", "quit", (ANY,), 92, "", "runs go on without the screen"),
    Action("", "", "← →", "crosshair", (CHART,), 1),
    Action("", "", "⇧← ⇧→", "earlier, later", (CHART,), 2),
    Action("", "", "↑ ↓", "closer, farther", (CHART,), 3),
    Action("", "", "z", "zoom, again: out", (CHART,), 4),
    Action("", "", "+ −", "smoother, rougher", (CHART,), 5),
    Action("", "", "y", "log scale", (CHART,), 6),
    Action("", "", "Enter", "the crosshair's line in the log", (CHART,), 7),
    Action("", "", "Tab", "next chart", (CHART,), 8),
)


def of(*scopes: str) -> list[Action]:
    """Those of these places, in the footer's order."""
    return sorted(
        (one for one in ACTIONS if any(scope in one.where for scope in scopes)),
        key=lambda one: one.rank,
    )


def bindings(*scopes: str) -> list[BindingType]:
    """Textual's view of them. Digits pass themselves on."""
    return list(_bindings(scopes))


def _bindings(scopes: tuple[str, ...]) -> Iterator[Binding]:
    for one in of(*scopes):
        if one.name == "jump":
            for key in one.keys.split(","):
                yield Binding(key, f"jump({key})", one.label, show=False)
        elif one.keys:
            yield Binding(one.keys, one.name, one.label, show=False)


def named(name: str) -> Action:
    return next(one for one in ACTIONS if one.name == name)
