"""Every path under `logs/`, the ids of runs, and how a user's word finds one.

The folder is the contract between the processes: nothing else knows where a file lies. Nothing is created here
except by `create`, and a name from outside never becomes a path unchecked.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine import vault
from engine.errors import NotFound, Unusable

ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,47}-\d{8}-\d{6}-[0-9a-f]{4}")
PRIVATE_DIR = 0o700
PARTS = 0x10000  # of a second that an id tells apart
PRIVATE_FILE = 0o600


@dataclass(frozen=True)
class Attempt:
    """The files of one execution."""

    folder: Path

    @property
    def number(self) -> int:
        return int(self.folder.name)

    @property
    def job(self) -> Path:
        return self.folder / "job.json"

    @property
    def runner(self) -> Path:
        return self.folder / "runner.jsonl"

    @property
    def trainer(self) -> Path:
        return self.folder / "trainer.jsonl"

    @property
    def files(self) -> Path:
        """Rows that the runner found in files the script writes."""
        return self.folder / "files.jsonl"

    @property
    def console(self) -> Path:
        return self.folder / "console.log"

    def segment(self, part: str) -> Path:
        """The file of `runner`, `trainer` or `console`."""
        return {
            "runner": self.runner,
            "trainer": self.trainer,
            "console": self.console,
            "files": self.files,
        }[part]

    @property
    def errors(self) -> Path:
        return self.folder / "runner.err"

    @property
    def found(self) -> Path:
        """What a machine said of a training that is adopted there."""
        return self.folder / "found.json"

    @property
    def orders(self) -> Path:
        return self.folder / "orders"


@dataclass(frozen=True)
class Run:
    """The files of one run. `folder` need not exist."""

    folder: Path

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def profile(self) -> Path:
        return self.folder / "profile.json"

    @property
    def keeper(self) -> Path:
        return self.folder / "keeper.jsonl"

    @property
    def keeper_errors(self) -> Path:
        return self.folder / "keeper.err"

    @property
    def trainer_lock(self) -> Path:
        return self.folder / "trainer.lock"

    @property
    def requests(self) -> Path:
        return self.folder / "requests"

    @property
    def cache(self) -> Path:
        return self.folder / ".cache"

    @property
    def manifests(self) -> Path:
        """What a script's own checkpoints are known by."""
        return self.folder / "manifests"

    @property
    def safe(self) -> Path:
        """Copies of checkpoints, out of a script's reach."""
        return self.folder / "safe"

    @property
    def pulled(self) -> Path:
        """What came from the machine, by attempt, and the results in `files`."""
        return self.folder / "pulled"

    @property
    def setup_log(self) -> Path:
        """What was said while a machine was made ready."""
        return self.folder / "setup.log"

    @property
    def patches(self) -> Path:
        return self.folder / "patches"

    def attempt(self, number: int) -> Attempt:
        return Attempt(self.folder / "attempts" / str(number))

    def attempts(self) -> list[Attempt]:
        """Oldest first."""
        try:
            names = vault.names(self.folder / "attempts")
        except OSError:
            return []
        return [self.attempt(number) for number in sorted(int(n) for n in names if n.isdigit())]


def logs_folder(environ: Mapping[str, str] | None = None, start: Path | None = None) -> Path:
    """`$COCKPIT_HOME/logs`, else `logs/` of the project one stands in, else the user's data folder."""
    env = os.environ if environ is None else environ
    if env.get("COCKPIT_HOME"):
        return Path(env["COCKPIT_HOME"]).expanduser().absolute() / "logs"
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        if (folder / "profiles").is_dir() and (folder / "logs").is_dir():
            return folder / "logs"
    data = env.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "training-cockpit" / "logs"


def new_id(profile: str, now: float) -> str:
    """`<profile>-<yyyymmdd>-<hhmmss>-<4 hex>` in UTC; the digits are the rest of the second: ids sort by time."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    return f"{profile}-{stamp}-{int(now % 1 * PARTS):04x}"


def free(profile: str, logs: Path, now: float) -> Iterator[Run]:
    """Runs by the names that come next from `now` on; who gets no folder under one takes the one after it."""
    for later in range(1000):
        yield Run(logs / new_id(profile, now + later / PARTS))


def create(profile: str, logs: Path, now: float) -> Run:
    """A new, empty, private folder that no other run has."""
    try:
        logs.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
        for run in free(profile, logs, now):
            try:
                run.folder.mkdir(mode=PRIVATE_DIR)
            except FileExistsError:
                continue
            run.requests.mkdir(mode=PRIVATE_DIR)
            return run
    except OSError as error:
        raise Unusable(
            f"cannot write to {logs}: {error.strerror}",
            fix="free space or rights, or set COCKPIT_HOME to another folder",
        ) from error
    raise Unusable(f"no free run id in {logs}", fix="try again")


def every(logs: Path) -> list[Run]:
    """All runs, newest first."""
    try:
        names = [entry.name for entry in os.scandir(logs) if ID.fullmatch(entry.name)]
    except OSError:
        return []
    return [Run(logs / name) for name in sorted(names, key=_by_time, reverse=True)]


def find(word: str, logs: Path) -> Run:
    """The run a user means: `@`, an id, a unique part of one, a profile's name, or a path to a run's folder."""
    if os.sep in word or word in (".", ".."):
        return _at(Path(word))
    runs = every(logs)
    if word == "@" and runs:
        return runs[0]
    for run in runs:
        if run.id == word or run.id[:-21] == word:
            return run
    return _unique(word, [run for run in runs if word and word != "@" and word in run.id], logs)


def _at(path: Path) -> Run:
    if (path / "keeper.jsonl").is_file():
        return Run(path.absolute())
    raise NotFound(f"{path} is not a run's folder", fix="a run's folder holds keeper.jsonl")


def _unique(word: str, matches: list[Run], logs: Path) -> Run:
    if len(matches) == 1:
        return matches[0]
    if matches:
        some = ", ".join(run.id for run in matches[:4])
        raise NotFound(f"'{word}' means {len(matches)} runs: {some}", fix="write more of the id")
    raise NotFound(f"no run '{word}' in {logs}", fix="engine ls shows the runs; @ is the newest")


def _by_time(run_id: str) -> str:
    return run_id[-20:]


def samples(root: Path) -> Iterator[Run]:
    """Recordings that ship with the product."""
    for path in sorted(root.glob("*/keeper.jsonl")):
        yield Run(path.parent)
