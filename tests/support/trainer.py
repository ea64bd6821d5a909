"""A small trainer that speaks events, saves checkpoints and resumes from them; standard library only.

It counts instead of learning, so that every test can say exactly what its journal must hold. It refuses to run beside
another of its kind: two at once leave the file `DOUBLE` in its folder.

    trainer.py --out DIR [--steps N] [--gap S] [--every K] [--resume DIR] [--fail-at N] [--exit N] [--print]
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--gap", type=float, default=0.01)
    parser.add_argument("--every", type=int, default=5)
    parser.add_argument("--resume", type=Path)
    parser.add_argument("--fail-at", type=int)
    parser.add_argument("--exit", type=int, default=0)
    parser.add_argument("--print", action="store_true")
    return parser.parse_args()


def tell(**fields: object) -> None:
    """One durable line: what this returns from must never be lost."""
    fd = os.open(os.environ["COCKPIT_EVENTS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(fd, json.dumps({"t": time.time(), **fields}).encode() + b"\n")
    os.fsync(fd)
    os.close(fd)


def save(out: Path, step: int) -> None:
    """Hidden name, manifest last, rename, then the announcement."""
    final = out / f"step-{step:06d}"
    if final.exists():
        return
    hidden = out / f".step-{step}-{os.getpid()}"
    hidden.mkdir(parents=True)
    state = json.dumps({"step": step}).encode()
    (hidden / "state.json").write_bytes(state)
    entry = {"bytes": len(state), "sha256": hashlib.sha256(state).hexdigest()}
    manifest = json.dumps({"step": step, "files": {"state.json": entry}}).encode()
    (hidden / "MANIFEST.json").write_bytes(manifest)
    hidden.rename(final)
    digest = hashlib.sha256(manifest).hexdigest()
    tell(e="saved", step=step, path=str(final), bytes=len(state), manifest=digest)


def main() -> int:
    args = arguments()
    args.out.mkdir(parents=True, exist_ok=True)
    alone = os.open(args.out / "alone", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        (args.out / "DOUBLE").touch()
        return 99
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
    signal.signal(signal.SIGUSR1, lambda number, frame: asked.append(number))
    step = json.loads((args.resume / "state.json").read_bytes())["step"] if args.resume else 0
    tell(e="planned", total=args.steps, start_step=step)
    while step < args.steps:
        step += 1
        time.sleep(args.gap)
        if step == args.fail_at:
            print("boom", file=sys.stderr)
            return 3
        tell(step=step, loss=1.0 / step)
        if args.print:
            print(f"step {step} of {args.steps}", flush=True)
        if step % args.every == 0 or asked:
            save(args.out, step)
        if signal.SIGTERM in asked:
            return 143
        asked.clear()
    tell(e="finished", step=step)
    return args.exit


if __name__ == "__main__":
    sys.exit(main())
