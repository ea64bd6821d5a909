"""`python -m engine.train PROFILE.json [--resume auto|NAME|DIR] [--out DIR]`

Exit status: 0 reached its end; 143 asked to stop by SIGTERM or Ctrl-C, and saved; 1 out of memory or out of disk;
2 the profile or the data cannot be used; 8 the checkpoint cannot be continued from. SIGUSR1 saves and goes on.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")

from engine.data.phases import drawn, sentences
from engine.errors import Problem
from engine.train.asked import STOPPED, Asked
from engine.train.errors import TrainError
from engine.train.job import read_job
from engine.train.voice import Voice


def main(argv: list[str]) -> int:
    options = parse(argv)
    asked = Asked()
    asked.listen()
    try:
        return run(options, argv, asked)
    except Problem as error:
        from engine.emit import event

        if os.environ.get("RANK", "0") == "0":
            event("said", text=str(error), level="error")
            print(
                f"error: {error}" + (f"\n{error.fix}" if error.fix else ""),
                file=sys.stderr,
                flush=True,
            )
        return error.status


def run(options: argparse.Namespace, argv: list[str], asked: Asked) -> int:
    if not options.profile.is_file():
        raise TrainError(f"no profile {options.profile} (from {Path.cwd()})")
    job = read_job(options.profile.read_bytes())
    job, made = drawn(job, options.out.parent / "data")
    for sentence in sentences(made):
        Voice(os.environ.get("RANK", "0") == "0").say(sentence)
    if job.recipe == "pretokenize":
        from engine.train.pretokenize import pretokenize

        done = pretokenize(job, options.out.parent / "tokens", Voice(), asked)
        return 0 if done else STOPPED
    # torch is imported only once the profile can be read: a misspelt value is told in a tenth of a second
    from engine.train import ranks
    from engine.train.build import begin, build, resume
    from engine.train.loop import train

    with ranks.spawned(job.train.devices, argv):
        world = ranks.join()
        held = build(job, world, options.out, asked)
        resume(held, options.resume, options.out)
        begin(held)
        finished = train(held)
        ranks.leave(world)
    return 0 if finished else STOPPED


def parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m engine.train", description=__doc__)
    parser.add_argument("profile", type=Path, help="the frozen profile, as JSON")
    parser.add_argument("--resume", help="auto (the newest that verifies), a name, or a folder")
    default = Path("outputs") / os.environ.get("COCKPIT_RUN", "run")
    parser.add_argument("--out", type=Path, default=default, help=f"for checkpoints ({default})")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
