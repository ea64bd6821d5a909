"""Before a resume is run: does this script take this argument, which step will it start from, what will differ?"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import proof
from engine.checkpoints import drystart
from engine.checkpoints.certificate import BUT, EXACT, Certificate
from engine.checkpoints.checkpoint import Checkpoint
from engine.proof import PROVEN, REFUTED, WEAK, Proof, Told

GOOD, WARN, BAD = "good", "warn", "bad"
HELP_S = 60.0
PARSERS = re.compile(
    r"\b(argparse|click|typer|docopt|absl|fire|HfArgumentParser|tyro|jsonargparse|simple_parsing)\b"
)
"""A script that names none of these would not answer `--help` but begin to train."""


@dataclass(frozen=True)
class Finding:
    """One line of a rehearsal."""

    mark: str
    text: str


@dataclass(frozen=True)
class Command:
    """What would be run, the part of it that continues, where, and which folders it could change."""

    argv: tuple[str, ...]
    resume: tuple[str, ...]
    cwd: Path
    folders: tuple[Path, ...] = ()


def contents(one: Checkpoint) -> list[Finding]:
    """What is in it, and what is not."""
    found = [Finding(GOOD, f"{one.name} is whole, {one.kind or 'of an unknown kind'}")]
    if one.holds:
        found.append(Finding(GOOD, f"holds {', '.join(one.holds)}"))
    return found


def certified(certificate: Certificate) -> list[Finding]:
    """What will not be as it was."""
    if certificate.verdict == EXACT:
        return [Finding(GOOD, "the continuation is bit-exact")]
    mark = WARN if certificate.verdict == BUT else BAD
    return [Finding(mark, f"{certificate.verdict}: {clause}") for clause in certificate.changed]


def accepts(command: Command) -> Finding:
    """Whether the script knows the flags that continue it."""
    flags = [word.split("=")[0] for word in command.resume if word.startswith("-")]
    scripts = [command.cwd / word for word in command.argv if word.endswith(".py")]
    script = next((path for path in scripts if path.is_file()), None)
    if not flags or script is None:
        return Finding(WARN, "whether the command takes this argument cannot be asked")
    text = script.read_text("utf-8", "replace")
    if PARSERS.search(text) is None:
        known = [flag for flag in flags if flag in text]
        if len(known) == len(flags):
            return Finding(WARN, f"{script.name} names {', '.join(flags)}; it has no --help to ask")
        return Finding(BAD, f"{script.name} does not name {', '.join(set(flags) - set(known))}")
    return _asked(command, script, flags)


def _asked(command: Command, script: Path, flags: Sequence[str]) -> Finding:
    """`--help` of the command up to its script: a parser answers and ends."""
    words = [*command.argv[: _index(command, script) + 1], "--help"]
    try:
        done = subprocess.run(
            words,
            cwd=command.cwd,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=HELP_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(WARN, f"{script.name} --help gave no answer: {error}")
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    missing = [flag for flag in flags if flag not in said]
    if not missing:
        return Finding(GOOD, f"{script.name} takes {', '.join(flags)}")
    if done.returncode != 0:
        return Finding(WARN, f"{script.name} --help ended with {done.returncode}")
    return Finding(BAD, f"{script.name} knows no {', '.join(missing)}")


def _index(command: Command, script: Path) -> int:
    return next(i for i, word in enumerate(command.argv) if command.cwd / word == script)


def started(command: Command, spec: Proof, env: dict[str, str]) -> list[Finding]:
    """A dry start: which step does it begin with, and would that prove the resume?"""
    if not drystart.possible():
        return [Finding(WARN, "a dry start needs private mounts, which this system does not allow")]

    def enough(rows: Sequence[Told]) -> bool:
        judged = proof.judge(spec, rows)
        return judged is not None and judged.verdict != WEAK

    seen = drystart.start(command.argv, command.cwd, command.folders, env, enough)
    judged = proof.judge(spec, seen.rows)
    if judged is None:
        last = seen.tail.strip().splitlines()[-1:] or ["nothing was printed"]
        return [Finding(BAD, f"a dry start told no step: {seen.problem}; {last[0][:200]}")]
    mark = {PROVEN: GOOD, WEAK: WARN, REFUTED: BAD}[judged.verdict]
    return [Finding(mark, f"dry start on the CPU: {judged.verdict}; {judged.detail}")]


def expected(spec: Proof) -> Finding:
    """What the first rows must show."""
    if spec.step is None:
        return Finding(WARN, "no step is known, so the proof can only be weak")
    words = f"the first step must be {spec.step} to {spec.step + spec.interval}"
    loss = proof.expected_loss(spec, None)
    if loss is not None:
        words += f", its loss {loss:.4g} ± {proof.tolerance(spec, loss):.2g}"
    then = "else it is stopped within a minute" if spec.then == "stop" else "else that is reported"
    return Finding(GOOD, f"{words}; {then}")
