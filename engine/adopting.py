"""Take over the watch of a training that somebody started by hand: by its pid, its log file or its tmux pane.

Everything is read from /proc: the command, the folder, the log behind its output, the folder of its checkpoints. What
cannot be known is said: nobody but a parent learns an exit status, and what was printed to a terminal is gone.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import stat
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Iterator, Mapping

from engine import journal, procs
from engine.errors import Unusable
from engine.identity import Identity
from engine.runner import records
from engine.runner.reach import FOLLOWERS, SHELLS

_OUT = re.compile(
    r"--?(?:output|out|save|checkpoint|ckpt|logging)[-_]?(?:dir|path|folder)?(?:=(.*))?"
)
_CHECKPOINT = re.compile(r"(checkpoint|ckpt|step|epoch|iter)[-_]?\w*?\d+", re.IGNORECASE)
_PIPE = re.compile(r"pipe:\[\d+\]")
METRICS = (".csv", ".jsonl")
TMUX_S = 10.0
ALWAYS = (
    "its exit status, because it is no child of ours",
    "what the machine and its GPUs did before now",
)


@dataclass(frozen=True)
class Found:
    """A training that runs. `log` is None where its output goes to a terminal."""

    process: Identity
    argv: tuple[str, ...]
    cwd: Path
    log: Path | None
    files: tuple[str, ...]
    checkpoints: tuple[str, ...]
    unknown: tuple[str, ...]
    pane: str | None = None
    """The tmux pane that stands for a log."""

    def table(self) -> dict[str, Any]:
        """As it travels."""
        paths = {"cwd": str(self.cwd), "log": None if self.log is None else str(self.log)}
        return {**vars(self), "process": self.process.as_table(), **paths}

    @staticmethod
    def of(table: Mapping[str, Any]) -> Found:
        """What another machine says; anything else than words is no answer."""
        process = table["process"]
        return Found(
            process=Identity(int(process["pid"]), int(process["start"]), str(process["boot"])),
            argv=tuple(map(str, table["argv"])),
            cwd=Path(str(table["cwd"])),
            log=None if table["log"] is None else Path(str(table["log"])),
            files=tuple(map(str, table["files"])),
            checkpoints=tuple(map(str, table["checkpoints"])),
            unknown=tuple(map(str, table["unknown"])),
            pane=None if table["pane"] is None else str(table["pane"]),
        )


def sought(pid: int | None, log: str | None, tmux: str | None) -> Found:
    """By whatever is known of it. A pane stands for a log where there is none."""
    known = pane(tmux) if tmux and pid is None else pid
    found = find(known, None if log is None else Path(log).expanduser())
    if tmux is None or found.log is not None:
        return found
    told = tuple(one for one in found.unknown if not one.startswith("what it prints"))
    return replace(found, unknown=told, pane=tmux)


def lay(folder: Path, found: Found) -> None:
    """What a runner needs to know of it, in the attempt's folder; doing it twice is doing it once."""
    console = folder / "console.log"
    if found.pane is not None and not console.exists():
        follow_pane(found.pane, console)
    log = None if found.log is None else str(found.log)
    journal.replace(folder / "foreign.json", json.dumps({"log": log}).encode())
    records.write_pid(str(folder / "trainer.pid"), found.process, None)


def find(pid: int | None, log: Path | None) -> Found:
    """The training with this pid, or the one that writes this log."""
    if pid is None:
        if log is None:
            raise Unusable(
                "nothing to adopt", fix="engine adopt --pid N, --log FILE or --tmux PANE"
            )
        pid = _writer(log)
    process = procs.identify(pid)
    argv = _argv(pid)
    if process is None or not procs.alive(process) or not argv:
        raise Unusable(f"no process {pid} runs here", fix="engine import FILE reads what has ended")
    cwd = _link(pid, "cwd")
    if cwd is None:
        raise Unusable(f"process {pid} belongs to somebody else", fix="adopt it as its owner")
    unknown = list(ALWAYS)
    found = log.absolute() if log is not None else _output(pid)
    if found is None:
        unknown.append("what it prints: its output goes to a terminal (--tmux PANE reads one)")
    elif log is None and not os.access(found, os.R_OK):
        unknown.append(f"what it prints: {found} cannot be read")
        found = None
    opened = [path for path in _written(pid) if path.suffix in METRICS and path != found]
    globs = tuple(_checkpoints(argv, Path(cwd)))
    if not globs:
        unknown.append("where it saves: no folder of checkpoints is named or there yet")
    return Found(process, argv, Path(cwd), found, tuple(map(str, opened)), globs, tuple(unknown))


def _writer(log: Path) -> int:
    """Who has this file open for writing; of a pipeline into `tee`, the one before it."""
    if not log.is_file():
        raise Unusable(f"no file {log}", fix="name the log that the training writes")
    target = log.resolve()
    holders = [one for one in procs.everything() if target in _written(one.pid)]
    # A shell holds what it redirects, and workers what they inherit: it is the topmost that is neither.
    pids = {one.pid for one in holders if one.name not in SHELLS}
    for one in holders:
        if one.pid in pids and one.parent not in pids:
            before = _before(one.pid) if one.name in FOLLOWERS else one.pid
            if before is not None:
                return before
    raise Unusable(
        f"no process writes {log}, as far as can be seen",
        fix="engine import FILE reads a log whose training has ended; else name it by --pid",
    )


def _before(pid: int) -> int | None:
    """Who writes into the pipe that this process reads."""
    pipe = _link(pid, "fd/0")
    if pipe is None or _PIPE.fullmatch(pipe) is None:
        return None
    for one in procs.everything():
        if one.pid != pid and pipe in (_link(one.pid, "fd/1"), _link(one.pid, "fd/2")):
            return one.pid
    return None


def _output(pid: int) -> Path | None:
    """The file behind a process's output, also through a pipe into `tee`."""
    for fd in ("fd/1", "fd/2"):
        target = _link(pid, fd)
        if target is None:
            continue
        if _PIPE.fullmatch(target):
            readers = (one.pid for one in procs.everything() if _link(one.pid, "fd/0") == target)
            logs = [path for reader in readers for path in _written(reader)]
            if logs:
                return logs[0]
        elif _regular(Path(target)):
            return Path(target)
    logs = [path for path in _written(pid) if path.suffix in (".log", ".txt", ".out")]
    return logs[0] if logs else None


def _written(pid: int) -> list[Path]:
    """Regular files that a process has open for writing."""
    try:
        names = os.listdir(f"{procs.PROC}/{pid}/fd")
    except OSError:
        return []
    found = []
    for name in names:
        target = _link(pid, f"fd/{name}")
        if target is not None and _regular(Path(target)) and _writes(pid, name):
            found.append(Path(target))
    return found


def _writes(pid: int, fd: str) -> bool:
    try:
        with open(f"{procs.PROC}/{pid}/fdinfo/{fd}") as file:
            flags = next(int(line.split()[1], 8) for line in file if line.startswith("flags:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return False
    return flags & os.O_ACCMODE in (os.O_WRONLY, os.O_RDWR)


def _regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _link(pid: int, name: str) -> str | None:
    try:
        return os.readlink(f"{procs.PROC}/{pid}/{name}")
    except OSError:
        return None


def _argv(pid: int) -> tuple[str, ...]:
    try:
        raw = Path(f"{procs.PROC}/{pid}/cmdline").read_bytes()
    except OSError:
        return ()
    return tuple(part.decode("utf-8", "replace") for part in raw.rstrip(b"\0").split(b"\0") if raw)


def _checkpoints(argv: tuple[str, ...], cwd: Path) -> Iterator[str]:
    """Globs of what looks like a checkpoint where the command says that it writes, else in its folder."""
    named = [cwd / folder for folder in _named(argv)]
    seen = set()
    for folder in [*named, cwd]:
        for path in sorted([*folder.glob("*"), *folder.glob("*/*")])[:10_000]:
            if _CHECKPOINT.search(path.name) is None or path.suffix in (".py", ".log", ".txt"):
                continue
            pattern = str(path.parent / re.sub(r"\d+(?=\D*$)", "*", path.name))
            if pattern not in seen:
                seen.add(pattern)
                yield pattern
        if seen:
            return
    if named:
        yield str(named[0] / "checkpoint-*")


def _named(argv: tuple[str, ...]) -> Iterator[str]:
    for at, word in enumerate(argv):
        found = _OUT.fullmatch(word)
        if found is None:
            continue
        following = argv[at + 1] if at + 1 < len(argv) else ""
        folder = found.group(1) or following
        if folder and not folder.startswith("-"):
            yield folder


def pane(name: str) -> int:
    """The process in the foreground of a tmux pane."""
    shell = _tmux("display-message", "-p", "-t", name, "#{pane_pid}").strip()
    try:
        with open(f"{procs.PROC}/{shell}/stat") as file:
            front = int(file.read().rpartition(")")[2].split()[5])
    except (OSError, ValueError, IndexError):
        raise Unusable(f"tmux has no pane '{name}'", fix="tmux list-panes -a shows them") from None
    if front == int(shell):
        raise Unusable(f"nothing runs in tmux pane '{name}'", fix="adopt it while it trains")
    return front


def follow_pane(name: str, target: Path) -> None:
    """What the pane shows and showed, and from now on everything, into a file."""
    if _tmux("display-message", "-p", "-t", name, "#{pane_pipe}").strip() != "0":
        raise Unusable(
            f"tmux pane '{name}' is piped already", fix=f"tmux pipe-pane -t {name} ends it"
        )
    history = _tmux("capture-pane", "-p", "-J", "-S", "-", "-t", name)
    target.write_text(history.rstrip() + "\n")
    _tmux("pipe-pane", "-o", "-t", name, f"cat >> {shlex.quote(str(target))}")


def _tmux(*words: str) -> str:
    try:
        done = subprocess.run(
            ["tmux", *words], capture_output=True, text=True, timeout=TMUX_S, errors="replace"
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Unusable(f"tmux cannot be asked: {error}", fix="install it, or use --pid") from error
    if done.returncode:
        raise Unusable(f"tmux: {done.stderr.strip()}", fix="tmux list-panes -a shows the panes")
    return done.stdout
