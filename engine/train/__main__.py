"""`python -m engine.train PROFILE.json [--resume auto|NAME|DIR] [--out DIR] [--micro-batch N]`

Exit status: 0 reached its end; 143 asked to stop by SIGTERM or Ctrl-C, and saved; 1 out of memory or out of disk;
2 the profile or the data cannot be used; 8 the checkpoint cannot be continued from. SIGUSR1 saves and goes on.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
# A thread that spins while it waits takes the core from the one it waits for: with another process on both cores a
# step took twenty times as long. Read once, when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from engine.data.phases import drawn, sentences
from engine.data.pinned import pinned
from engine.errors import Problem
from engine.train.asked import STOPPED, Asked
from engine.train.errors import TrainError
from engine.train.job import read_job, smaller
from engine.train.voice import Voice


def main(argv: list[str]) -> int:
    options = parse(argv)
    asked = Asked()
    asked.listen()
    try:
        return run(options, argv, asked)
    except Problem as error:
        from engine.emit import event

        rank = os.environ.get("RANK", "0")
        if rank == "0":
            event("said", text=str(error), level="error")
        if rank == "0" or error.status == 1:  # the others meet the same faults of profile and data
            who = "error" if rank == "0" else f"error of rank {rank}"
            more = f"\n{error.fix}" if error.fix else ""
            print(f"{who}: {error}{more}", file=sys.stderr, flush=True)
        return error.status


def run(options: argparse.Namespace, argv: list[str], asked: Asked) -> int:
    if not options.profile.is_file():
        raise TrainError(f"no profile {options.profile} (from {Path.cwd()})")
    job = read_job(options.profile.read_bytes())
    if options.micro_batch:
        job = smaller(job, options.micro_batch)
    rows = options.out.parent / "data"
    job, told = pinned(job, rows)
    job, made = drawn(job, rows)
    for sentence in (*told, *sentences(made)):
        Voice(os.environ.get("RANK", "0") == "0").say(sentence)
    if job.recipe == "pretokenize":
        from engine.train.pretokenize import pretokenize

        done = pretokenize(job, options.out.parent / "tokens", Voice(), asked)
        return 0 if done else STOPPED
    # torch is imported only once the profile can be read: a misspelt value is told in a tenth of a second
    from engine.train import memory, ranks
    from engine.train.build import begin, build, resume
    from engine.train.loop import train

    with ranks.spawned(job, argv, options.resume is not None):
        world = ranks.join()
        held = None
        try:
            held = build(job, world, options.out, asked)
            resume(held, options.resume, options.out)
            begin(held)
            finished = train(held)
        except (RuntimeError, MemoryError) as error:
            if memory.full(error):
                raise memory.explained(held) from None
            if ranks.left_alone(error):
                raise ranks.Alone("another rank has ended in mid-step; resume the run") from None
            raise
        ranks.leave(world)
    return 0 if finished else STOPPED


def parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m engine.train", description=__doc__)
    parser.add_argument("profile", type=Path, help="the frozen profile, as JSON")
    parser.add_argument("--resume", help="auto (the newest that verifies), a name, or a folder")
    default = Path("outputs") / os.environ.get("COCKPIT_RUN", "run")
    parser.add_argument("--micro-batch", type=int, help="rows in one forward pass; the same batch")
    parser.add_argument("--out", type=Path, default=default, help=f"for checkpoints ({default})")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
