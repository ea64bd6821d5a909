"""Every action there is: its key, its words, where it applies, and the command that does the same.

Bindings, footer, help and palette are all made from this one table, so none of them can say anything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from textual.binding import Binding, BindingType

FLEET, RUN, METRICS, LOGS, CHECKPOINTS = "fleet", "run", "metrics", "logs", "checkpoints"
ALERTS, SAMPLES, RECORD, COMPARE, NEW = "alerts", "samples", "record", "compare", "new"
SYNC, HOSTS, COSTS = "sync", "hosts", "costs"
MIX, HELP, CHART, LIST, REPLAY, ANY = "mix", "help", "chart", "list", "replay", "any"
INSIDE = (RUN, METRICS, LOGS, CHECKPOINTS, SYNC, ALERTS, SAMPLES, RECORD)
"""The screens that are about one run."""
PARTS = (CHART, LIST)
"""Not screens but parts of them: their actions are done by the part that has the focus."""
_READ = (*INSIDE, FLEET)
_CHARTED = (RUN, METRICS, COMPARE)
_COPIES = (FLEET, LOGS, CHECKPOINTS, SYNC, ALERTS, SAMPLES, RECORD, COMPARE, NEW, MIX, HELP, HOSTS,
           COSTS)  # fmt: skip


@dataclass(frozen=True)
class Action:
    """`name` is the method `action_<name>` of whoever does it. `rank`: the lower, the earlier in the footer."""

    name: str
    keys: str
    shown: str
    label: str
    where: tuple[str, ...]
    rank: int = 50
    cli: str = ""
    says: str = ""
    brief: str = ""
    """The label where there is little room; empty: the same."""

    @property
    def call(self) -> str:
        """Whose method it is, for who takes it by other means than its key."""
        return f"app.{self.name}" if ANY in self.where else self.name

    @property
    def by_part(self) -> bool:
        return any(part in self.where for part in PARTS)

    def command(self, run: str | None) -> str:
        """The same on a command line; empty where there is none."""
        return self.cli.replace("RUN", run) if run else self.cli

    def words(self, room: bool) -> str:
        return self.label if room or not self.brief else self.brief


ACTIONS = (
    # the fleet
    Action(
        "open", "enter", "Enter", "open", (FLEET, COSTS), 1, "engine status RUN", "the run's dashboard"
    ),
    Action("new", "n", "n", "new run", (FLEET,), 2, "engine launch PROFILE", "from profiles/"),
    Action("mark", "space", "space", "mark", (FLEET,), 7, "", "for a comparison"),
    Action("compare", "x", "x", "compare", (FLEET,), 8, "", "the marked runs on one chart"),
    Action("filter_runs", "slash", "/", "filter", (FLEET,), 6, "engine ls", "by name or state"),
    Action("sort", "w", "w", "sort", (FLEET,), 9, "engine ls", "newest, state, need, name"),
    # from place to place
    Action("dashboard", "d", "d", "dashboard", INSIDE, 10, "engine status RUN", brief="dash"),
    Action("logs", "l", "l", "logs", INSIDE, 11, "engine tail RUN -f"),
    Action("checkpoints", "c", "c", "checkpoints", INSIDE, 13, "engine checkpoints RUN",
           brief="ckpt"),
    Action("sync", "s", "s", "sync", INSIDE, 14, "engine pull RUN --dry-run",
           "what comes from its machine"),
    Action("replay", "r", "r", "replay", (FLEET, *INSIDE), 15, "cockpit replay RUN"),
    Action("alerts", "a", "a", "alerts", _READ, 16, "engine alerts RUN"),
    Action("metrics", "w", "w", "every metric", (RUN,), 17, "engine tail RUN --metrics",
           "each as a chart", "metrics"),
    Action("samples", "p", "p", "probe", INSIDE, 18, "engine tail RUN --events",
           "what the model wrote at each checkpoint"),
    Action("record", "I", "I", "record", INSIDE, 19, "engine status RUN --json",
           "its profile, attempts, notes, files"),
    Action("fleet", "f", "f", "fleet", (RUN, METRICS, CHECKPOINTS, SYNC, ALERTS, SAMPLES, RECORD, COMPARE),
           40, "engine ls"),
    # what changes a run
    Action("stop", "S", "S", "stop", _READ, 12, "engine stop RUN", "it may save, then it ends"),
    Action("resume", "R", "R", "resume", _READ, 14, "engine resume RUN", "from a checkpoint"),
    Action("save", "V", "V", "save now", (RUN, METRICS, CHECKPOINTS), 21, "engine save RUN",
           "a checkpoint", "save"),
    Action("kill", "K", "K", "kill", INSIDE, 60, "engine kill RUN", "at once, nothing is saved"),
    Action("note", "o", "o", "note", INSIDE, 33, "engine note RUN TEXT", "kept in its journal"),
    Action("launch", "enter,L", "Enter", "launch", (NEW,), 1, "engine launch PROFILE",
           "on this machine"),
    # charts
    Action("x_axis", "t", "t", "x axis", _CHARTED, 24, "", "steps, time, tokens or money"),
    Action("pick_metrics", "slash", "/", "filter metrics", (METRICS,), 2,
           "engine tail RUN --metrics", "by a regular expression", "filter"),
    Action("bigger", "B", "B", "bigger", (METRICS,), 3, "", "fewer and larger charts, or more"),
    Action("same", "e", "e", "equal rows", (COMPARE,), 3, "", "show or hide what does not differ"),
    Action("next_metric", "n", "n", "next metric", (COMPARE,), 2, "", "on the chart"),
    # checkpoints
    Action("resume_here", "enter", "Enter", "resume from here", (CHECKPOINTS,), 1,
           "engine resume RUN --from NAME", "after a typed word"),
    Action("verify", "v", "v", "verify", (CHECKPOINTS,), 3, "engine checkpoints RUN verify",
           "every byte"),
    Action("pin", "P", "P", "pin", (CHECKPOINTS,), 4, "engine checkpoints RUN pin", "keep it"),
    # what comes from a machine
    Action("pull", "g", "g", "get it now", (SYNC,), 1, "engine pull RUN", "each byte is compared"),
    Action("outlook", "w", "w", "what would come", (SYNC,), 2, "engine pull RUN --dry-run",
           "the machine is asked, nothing is fetched", "dry run"),
    # machines
    Action("hosts", "h", "h", "hosts", (FLEET,), 10, "engine hosts ls", "machines that runs go to"),
    Action("costs", "dollar_sign", "$", "costs", (FLEET,), 11, "engine ls --json",
           "by run, machine and day"),
    Action("visit", "enter,v", "Enter", "visit", (HOSTS,), 1, "engine hosts test NAME",
           "what is there, what is missing"),
    Action("add", "n", "n", "another", (HOSTS,), 2, "engine hosts add NAME --ssh USER@HOST:PORT",
           "by its ssh line"),
    # the log
    Action("to_chart", "enter", "Enter", "on the charts", (LOGS,), 6, "", "the step of this line"),
    Action("search", "slash", "/", "search", (LOGS,), 2,
           "engine tail RUN --console | grep -iE PATTERN", "a regular expression"),
    Action("next_match", "n", "n", "next", (LOGS,), 3),
    Action("previous_match", "N", "N", "previous", (LOGS,), 4, brief="back"),
    Action("filter", "f", "f", "filter", (LOGS,), 5, "", "matches, errors, an attempt, a phase"),
    Action("follow", "F", "F", "follow", (LOGS,), 5, "engine tail RUN -f", "the newest line"),
    Action("wrap", "w", "w", "wrap", (LOGS,), 30, "", "whole lines, however long"),
    Action("teach", "T", "T", "teach", (LOGS,), 34, "engine teach RUN TEXT", "name a line's numbers"),
    Action("fix", "1,2,3,4,5,6,7,8,9", "1-9", "take a fix", (LOGS,), 7, "",
           "copies the command that a card offers"),
    # a recording
    Action("play", "space", "space", "play/pause", (REPLAY,), 1, "engine replay RUN --speed N",
           brief="play"),
    Action("back_step", "comma", ",", "step back", (REPLAY,), 3, brief="back"),
    Action("next_step", "full_stop", ".", "step", (REPLAY,), 3),
    Action("last_mark", "left_square_bracket", "[", "marker back", (REPLAY,), 4, brief="mark"),
    Action("next_mark", "right_square_bracket", "]", "marker", (REPLAY,), 4, brief="mark"),
    Action("last_alert", "left_curly_bracket", "{", "alert back", (REPLAY,), 8, brief="alert"),
    Action("next_alert", "right_curly_bracket", "}", "alert", (REPLAY,), 8),
    Action("slower", "less_than_sign", "<", "slower", (REPLAY,), 5),
    Action("faster", "greater_than_sign", ">", "faster", (REPLAY,), 5),
    Action("loop", "L", "L", "loop", (REPLAY,), 7, "", "from the end to the start again"),
    Action("jump", "0,1,2,3,4,5,6,7,8,9", "0-9", "jump to %", (REPLAY,), 6, brief="jump"),
    # the mix of a curriculum's phases
    Action("mix", "m", "m", "mix", (FLEET,), 8, "engine data curriculum", "phases from buckets"),
    Action("next_phase", "tab", "Tab", "next phase", (MIX,), 1),
    Action("tier(1)", "right", "→", "next tier", (MIX,), 2),
    Action("tier(-1)", "left", "←", "tier before", (MIX,), 2),
    Action("weight(1)", "plus,equals_sign", "+", "more of it", (MIX,), 3),
    Action("weight(-1)", "minus", "−", "less of it", (MIX,), 3),
    Action("accept('asked')", "1", "1", "as asked", (MIX,), 4),
    Action("accept('largest')", "2", "2", "fewer rows", (MIX,), 4, "", "the mix exactly as asked"),
    Action("accept('nearest')", "3", "3", "nearest mix", (MIX,), 4, "", "as many rows as there are"),
    Action("seed", "s", "s", "seed", (MIX,), 6, "", "another draw"),
    Action("next_row", "n", "n", "next row", (MIX,), 7, "engine data look FILE"),
    Action("write", "w", "w", "write", (MIX,), 5, "engine data curriculum", "into curriculum/"),
    # everywhere
    Action("copy", "y", "y", "copy command", _COPIES, 70, "", "what would do the same", "copy"),
    Action("palette", "colon,ctrl+p", ":", "all", (ANY,), 80, "engine --help", "every action"),
    Action("help", "question_mark,f1", "?", "help", (ANY,), 81, "engine help"),
    Action("next_theme", "f2", "F2", "theme", (ANY,), 79, "cockpit --theme NAME"),
    Action("back", "escape", "Esc", "back", (*INSIDE, COMPARE, NEW, MIX, HELP, HOSTS, COSTS), 90),
    Action("quit", "q,ctrl+c", "q", "quit", (ANY,), 92, "", "runs go on without the screen"),
    # on a chart
    Action("step(-1)", "left", "←", "crosshair left", (CHART,), 38),
    Action("step(1)", "right", "→", "crosshair right", (CHART,), 38),
    Action("toggle_zoom", "z", "z", "zoom", (CHART,), 26, "", "again: out"),
    Action("toggle_log", "y", "y", "log scale", (CHART,), 27),
    Action("smooth(1)", "plus,equals_sign", "+", "smoother", (CHART,), 28),
    Action("smooth(-1)", "minus", "−", "rougher", (CHART,), 28),
    Action("zoom(1)", "up", "↑", "closer", (CHART,), 34),
    Action("zoom(-1)", "down", "↓", "farther", (CHART,), 34),
    Action("pan(-1)", "shift+left", "⇧←", "earlier", (CHART,), 35),
    Action("pan(1)", "shift+right", "⇧→", "later", (CHART,), 35),
    Action("whole", "home", "Home", "whole run", (CHART,), 36),
    Action("newest", "end", "End", "newest", (CHART,), 36),
    Action("pick", "enter", "Enter", "its line in the log", (CHART,), 37, "", "of the crosshair"),
    # in a list
    Action("move(-1)", "up,k", "↑", "up", (LIST,), 95, "", "or k"),
    Action("move(1)", "down,j", "↓", "down", (LIST,), 95, "", "or j"),
    Action("page(-1)", "pageup", "PgUp", "page up", (LIST,), 96),
    Action("page(1)", "pagedown", "PgDn", "page down", (LIST,), 96),
    Action("first", "home", "Home", "first", (LIST,), 97),
    Action("last", "end", "End", "last", (LIST,), 97),
)  # fmt: skip


@cache
def of(*scopes: str) -> tuple[Action, ...]:
    """Those of these places, in the footer's order."""
    found = (one for one in ACTIONS if any(scope in one.where for scope in scopes))
    return tuple(sorted(found, key=lambda one: one.rank))


def bindings(*scopes: str) -> list[BindingType]:
    """Textual's view of them. Digits pass themselves on."""
    return list(_bindings(scopes))


def _bindings(scopes: tuple[str, ...]) -> Iterator[Binding]:
    for one in of(*scopes):
        if one.name in ("jump", "fix"):
            for key in one.keys.split(","):
                yield Binding(key, f"{one.name}({key})", one.label, show=False)
        else:
            yield Binding(one.keys, one.name, one.label, show=False)
