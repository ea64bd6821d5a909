"""A script's own checkpoints become ours once they are complete and nobody writes them: they get a manifest.

A look is cheap; the hashing goes on in a thread, one checkpoint at a time. What is not complete while the script
runs is left for the next look; what is not complete after its end is set aside, with the reason.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.checkpoints.listing import matched
from engine.events import Event
from engine.events import saves as say
from engine.profile import Profile
from engine.runs import Run
from engine.shelf import Contents, look, manifest, protecting
from engine.view import AttemptView, View

LOOK_S = 2.0
"""Between two looks; what changed between them is still being written."""
ITSELF_S = 10.0
"""For how long nothing may change in a file that does not tell its own length."""
NUMBERS = frozenset("0123456789*?[")

Signature = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class _Found:
    path: Path
    attempt: int
    signature: Signature
    contents: Contents


class Committing:
    """Of one run. `look` returns facts; the caller writes them down."""

    def __init__(self, run: Run, profile: Profile) -> None:
        self._run, self._profile = run, profile
        self._seen: dict[str, tuple[Signature, float]] = {}
        self._known: dict[str, Signature] = {}
        self._aside: set[tuple[str, Signature]] = set()
        self._thread: threading.Thread | None = None
        self._done: list[Event] = []
        self._due = 0.0

    @property
    def wanted(self) -> bool:
        """Scripts of others are looked after; our own trainer commits by itself."""
        return self._profile.recipe == "command"

    def look(self, view: View) -> list[Event]:
        """What has become a checkpoint since, while the trainer runs."""
        if not self.wanted or view.last is None or time.monotonic() < self._due:
            return []
        self._due = time.monotonic() + LOOK_S
        if self._thread is not None and self._thread.is_alive():
            return []
        if _doubtful(view.last):
            return []
        found, self._done = self._done, []
        ready = [one for one in self._ready(view, view.last) if one.contents.flaw is None]
        if ready:
            self._thread = threading.Thread(target=self._work, args=(ready,), daemon=True)
            self._thread.start()
        return found

    def finish(self, view: View) -> list[Event]:
        """The trainer has ended: all that is there is committed or set aside now."""
        if not self.wanted or view.last is None:
            return []
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        for one in self._ready(view, view.last, ended=True):
            if _refuted(view.last):
                self._set_aside(
                    view, one, f"written by attempt {view.last.number}, which did not resume"
                )
            elif one.contents.flaw is None:
                self._commit(one)
            elif (str(one.path), one.signature) not in self._aside:
                self._aside.add((str(one.path), one.signature))
                self._set_aside(view, one, one.contents.flaw)
        found, self._done = self._done, []
        return found

    def _set_aside(self, view: View, one: _Found, reason: str) -> None:
        known = view.keeper.saves.aside
        if not any(told.path == str(one.path) and told.reason == reason for told in known):
            self._done.append(say.SetAside(time.time(), str(one.path), reason, one.contents.step))

    def _work(self, ready: list[_Found]) -> None:
        for one in ready:
            self._commit(one)

    def _commit(self, one: _Found) -> None:
        """Hash it; if somebody wrote meanwhile, the next look begins anew."""
        try:
            table = manifest.of(one.path, one.contents)
            if manifest.signature(one.path) != one.signature:
                return
            table["signature"] = [list(entry) for entry in one.signature]
            kept = manifest.keep(self._run.manifests, table)
        except OSError:  # cleaned up by its script, or a full disk: it stays uncommitted
            return
        self._known[str(one.path)] = one.signature
        self._done.append(
            say.Committed(
                t=time.time(),
                attempt=one.attempt,
                path=str(one.path),
                manifest=kept.sha256,
                kind=one.contents.kind,
                holds=one.contents.holds,
                step=one.contents.step,
                bytes=sum(size for _, size, _ in one.signature),
                metrics=dict(one.contents.metrics) or None,
            )
        )
        if self._rewritten(one.path):
            self._copy(one)

    def _copy(self, one: _Found) -> None:
        """A script that always writes to one name destroys the old before the new is there."""
        step = one.contents.step
        copy = self._run.safe / f"{one.path.stem}-{step or 0}{one.path.suffix}"
        how = protecting.bring(one.path, copy)
        self._done.append(
            say.Protected(
                time.time(), one.attempt, str(one.path), how.copy, how.word, one.contents.step
            )
        )
        if how.copy:
            protecting.keep_newest(self._run.safe, one.path)

    def _rewritten(self, path: Path) -> bool:
        """A pattern without a number or a star names one file for all steps."""
        names = [Path(pattern).name for pattern in self._profile.checkpoints.glob]
        return path.name in names and not NUMBERS & set(path.name)

    def _ready(self, view: View, last: AttemptView, ended: bool = False) -> Iterator[_Found]:
        """Those that did not change between two looks and are not committed as they are."""
        for path in self._candidates(view, last):
            try:
                signature = manifest.signature(path)
            except OSError:
                continue
            if not signature or self._is_known(view, path, signature):
                continue
            before, since = self._seen.get(str(path), ((), 0.0))
            if before != signature:
                self._seen[str(path)] = (signature, time.monotonic())
                if not ended:
                    continue
                since = time.monotonic()
            contents = look(path, self._profile.checkpoints.kind)
            silent = contents.kind == "file" and not contents.holds
            if silent and not ended and time.monotonic() - since < ITSELF_S:
                continue
            yield _Found(path, last.number, signature, contents)

    def _candidates(self, view: View, last: AttemptView) -> list[Path]:
        folder = Path(last.opening.cwd)
        found = {
            Path(one.path)
            for pattern in self._profile.checkpoints.glob
            for one in matched(pattern, folder)
        }
        for attempt in view.attempts:
            for saved in attempt.facts.trainer.saved:
                if saved.manifest is None:
                    found.add(Path(attempt.opening.cwd, saved.path))
        return sorted(path for path in found if path.exists())

    def _is_known(self, view: View, path: Path, signature: Signature) -> bool:
        """Committed as it lies there, by this keeper or by one before it."""
        if str(path) not in self._known:
            told = [one for one in view.keeper.saves.commits if one.path == str(path)]
            kept = (
                manifest.read(manifest.place(self._run.manifests, path), told[-1].manifest)
                if told
                else None
            )
            entries = kept.get("signature") if kept else None
            if isinstance(entries, list):
                self._known[str(path)] = tuple((str(n), int(s), int(t)) for n, s, t in entries)
        return self._known.get(str(path)) == signature


def _doubtful(last: AttemptView) -> bool:
    """Whether it goes on from its checkpoint is not known yet, or it does not."""
    judged = last.facts.runner.resume
    return last.opening.resume_from is not None and (judged is None or _refuted(last))


def _refuted(last: AttemptView) -> bool:
    judged = last.facts.runner.resume
    return judged is not None and judged.action == "stop"
