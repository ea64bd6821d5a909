"""What can be asked of a run from the screen: each a request to its keeper, after a word where it matters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from textual.app import App

from cockpit.inks import Line
from cockpit.screens.dialogs import Text, Word
from engine.cli import words
from engine.display import display
from engine.errors import Problem
from engine.runs import Run, logs_folder

if TYPE_CHECKING:  # the engine's half is loaded when something is asked
    from engine.checkpoints import Checkpoint
    from engine.status import Status

NAME = 60
WIDE = 400


class Teller(Protocol):
    """The app, as far as it is needed here."""

    def tell(self, text: str, severity: str = "information") -> None: ...

    def done(self, said: str, found: object) -> None: ...


class Asking:
    """Dialogs go through the app, requests through `engine.control`; their answers come back as a line."""

    def __init__(self, app: App[None], teller: Teller) -> None:
        self._app, self._teller = app, teller

    def stop(self, run: Run, status: Status | None) -> None:
        """The trainer may save, then ends."""
        if status is None or self._ended(status):
            return
        says = [
            _row("run", display(run.id, NAME), "title"),
            _row("what ends", "the trainer is asked to save and end; after its grace it is ended"),
            *_kept(status),
            _row("goes on with", "R, from its newest checkpoint"),
            _row("the same as", f"engine stop {display(run.id, NAME)}", "accent"),
        ]
        self._word("Stop this run?", says, "stop", lambda: _request(run, "stop"))

    def kill(self, run: Run, status: Status | None) -> None:
        """The trainer ends at once."""
        if status is None or self._ended(status):
            return
        says = [
            _row("run", display(run.id, NAME), "title"),
            _row("what ends", "the trainer, at once: nothing is saved", "bad"),
            *_kept(status),
            _row("the same as", f"engine kill {display(run.id, NAME)}", "accent"),
        ]
        self._word("Kill this run?", says, "kill", lambda: _request(run, "kill"))

    def save(self, run: Run, status: Status | None) -> None:
        """A checkpoint now: harmless, so nothing is asked."""
        if status is not None and not self._ended(status):
            self._do("asked for a checkpoint", lambda: _request(run, "save"))

    def note(self, run: Run) -> None:
        """A remark into the journal."""

        def answered(text: str | None) -> None:
            if text and text.strip():
                kept = text.strip()
                self._do("noted", lambda: _request(run, "note", text=kept))

        hint = "Enter keeps it in the run's journal, Esc leaves."
        self._app.push_screen(Text("Note", hint), answered)

    def teach(self, run: Run, line: str, ended: bool) -> None:
        """Name the numbers of a line, so that every line like it is read."""
        from engine.dialects.teaching import numbers, suggested

        told = numbers(line)
        if not told:
            self._teller.tell("this line has no number", "warning")
            return
        hint = "  ".join(f"{at}: {one.text}" for at, one in enumerate(told, 1))
        offered = " ".join(f"{name}={at}" for at, name in suggested(told).items())

        def answered(text: str | None) -> None:
            if text and text.strip():
                names = text.split()
                self._do("the run is read by it", lambda: _taught(run, line, names, ended))

        shown = display(f"NAME=number of the line: {hint}", WIDE)
        self._app.push_screen(Text("Teach this line", shown, offered), answered)

    def resume(self, run: Run, status: Status | None, chosen: Checkpoint) -> None:
        """A further attempt from this checkpoint."""
        if status is None:
            return
        if status.exit_status is None:
            self._teller.tell(f"it still runs: {status.word}", "warning")
            return
        says = [
            _row("run", display(run.id, NAME), "title"),
            _row("from", display(chosen.name, NAME), "accent"),
            _row("step", words.count(chosen.step)),
            _row("known good", _good(chosen)),
            _row("again trained", _again(status, chosen)),
            _row("what starts", f"attempt {len(status.attempts) + 1} of the same run"),
            _row("is deleted", "nothing"),
            _row("the same as", _resuming(run, chosen), "accent"),
        ]
        self._word("Resume this run?", says, "resume", lambda: _resumed(run, chosen))

    def pin(self, run: Run, kind: str, chosen: Checkpoint) -> None:
        """`pin` or `unpin`."""
        said = f"{chosen.name} is kept now" if kind == "pin" else f"{chosen.name} is free again"
        self._do(said, lambda: _request(run, kind, path=chosen.path))

    def pull(self, run: Run) -> None:
        """What its machine made comes here: harmless, so nothing is asked."""
        self._do("asked for what is there", lambda: _request(run, "pull"))

    def launch(self, path: Path) -> None:
        """A new run of this profile, here."""

        def go() -> Run:
            from engine import launching, profile

            return launching.launch(profile.load(str(path)), Path.cwd())

        self._do("launched", go)

    def demo(self) -> None:
        """The one that runs, else a new one."""
        from cockpit.demo import start

        self._do("the demo trains", lambda: start(logs_folder()))

    def adopt(self) -> None:
        """Something that somebody started by hand."""

        def answered(text: str | None) -> None:
            if text and text.strip():
                self._do("watched from now on", lambda: _adopted(text.strip()))

        hint = "The number of its process (pgrep -af python), or the log that it writes."
        self._app.push_screen(Text("Watch which training?", hint), answered)

    def _ended(self, status: Status) -> bool:
        if status.exit_status is not None:
            self._teller.tell(f"it has ended already: {status.word}", "warning")
        return status.exit_status is not None

    def _word(self, title: str, says: list[Line], word: str, act: Callable[[], object]) -> None:
        def answered(yes: bool | None) -> None:
            if yes:
                self._do(f"asked: {word}", act)

        self._app.push_screen(Word(title, says, word, grave=word != "resume"), answered)

    def _do(self, said: str, act: Callable[[], object]) -> None:
        """On a thread: a keeper may have to be started."""

        def work() -> None:
            try:
                found = act()
            except (Problem, OSError) as problem:
                fix = getattr(problem, "fix", None)
                text = f"{problem}{f'; {fix}' if fix else ''}"
                self._app.call_from_thread(self._teller.tell, text, "error")
                return
            self._app.call_from_thread(self._teller.done, said, found)

        self._app.run_worker(work, thread=True, exit_on_error=True)


def _adopted(word: str) -> Run:
    from engine import adopting, launching

    log = None if word.isdigit() else Path(word).expanduser()
    found = adopting.find(int(word) if log is None else None, log)
    return launching.adopt(launching.running(found), found)


def _request(run: Run, kind: str, **fields: str) -> str:
    from engine import control

    return control.request(run, kind, **fields)


def _taught(run: Run, line: str, names: list[str], ended: bool) -> None:
    """Refused in the engine's words where the names fit no number."""
    from engine import teaching
    from engine.dialects.teaching import Refused, named, pattern

    try:
        made = pattern(line, named(names))
    except Refused as refused:
        raise Problem(str(refused)) from refused
    teaching.use(run, made, ended)


def _resumed(run: Run, chosen: Checkpoint) -> None:
    """Refused in the engine's words where the command cannot go on from anything."""
    from engine import resuming
    from engine.reader import RunReader

    resuming.choose(run, RunReader(run).poll(), chosen.path)
    resuming.resume(run, chosen)


def _resuming(run: Run, chosen: Checkpoint) -> str:
    return f"engine resume {display(run.id, NAME)} --from {display(chosen.name, NAME)}"


def _row(label: str, text: str, ink: str = "text") -> Line:
    return [(f" {label:<14}", "faint"), (text, ink)]


def _kept(status: Status) -> list[Line]:
    """What stays, what is lost, what it costs from then on."""
    risk = status.at_risk
    lost = words.span(risk.seconds)
    steps = f", {words.count(risk.steps)} steps" if risk.steps is not None else ""
    safe = display(risk.newest_safe, NAME) if risk.newest_safe else "no checkpoint is safe yet"
    rate = status.cost.rate
    billed = "nothing: this machine is your own" if rate is None else words.money(rate) + " an hour"
    return [
        _row("is deleted", "nothing"),
        _row("is kept", f"all of the run's files; {safe}"),
        _row("at risk", f"{lost}{steps}, unless it saves", "warn" if risk.steps else "text"),
        _row("still billed", billed),
    ]


def _good(chosen: Checkpoint) -> str:
    return "its manifest agrees" if chosen.verified else "not announced: only its file is there"


def _again(status: Status, chosen: Checkpoint) -> str:
    if chosen.step is None or status.step is None:
        return "unknown: this checkpoint does not say its step"
    return f"{max(status.step - chosen.step, 0):,} steps, up to {status.step:,}"
