"""`engine replay`: a run once more, on a clock, by the same fold and judgements as when it lived."""

from __future__ import annotations

import argparse
import re
from bisect import bisect_left

from engine.cli.output import Output
from engine.cli.parser import count, run_argument
from engine.cli.speech import brief
from engine.cli.target import the
from engine.errors import NotFound
from engine.frame import Frame
from engine.replay import Replay, play, thinned

EXAMPLES = """
  engine replay @                      # as fast as it was; long pauses are cut
  engine replay @ --speed 60           # a minute a second
  engine replay @ --from 700 --speed 60  # from this step on; 40% and +90 (seconds) work too
  engine replay @ --speed max --json   # at once: 200 frames spread over the run
"""
FRAMES = 200


def speed(text: str) -> float:
    """0 and max: as fast as possible."""
    if text == "max":
        return 0.0
    try:
        value = float(text.removesuffix("x"))
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1e9:
        raise argparse.ArgumentTypeError(f"'{text}' is no speed: 1, 60, 0.5 or max")
    return value


_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)%")


def place(text: str) -> tuple[str, float]:
    """Where to begin: `40%` of the time, `+90` seconds, or a step."""
    share = _SHARE.fullmatch(text)
    if share and float(share[1]) <= 100:
        return "share", float(share[1]) / 100
    kind, digits = ("after", text[1:]) if text.startswith("+") else ("step", text)
    if digits.isascii() and digits.isdigit() and len(digits) < 16:
        return kind, float(digits)
    raise argparse.ArgumentTypeError(f"'{text}' is no place: 40%, +90 (seconds) or 700 (a step)")


def arguments(parser: argparse.ArgumentParser) -> None:
    run_argument(parser)
    parser.add_argument(
        "--speed", type=speed, default=1.0, metavar="N", help="times as fast as it was; max"
    )
    parser.add_argument(
        "--from",
        dest="begin",
        type=place,
        metavar="WHERE",
        help="40%%, +90 (seconds), 700 (a step)",
    )
    parser.add_argument(
        "--frames", type=count, default=FRAMES, metavar="N", help="frames at speed max (200)"
    )


def act(args: argparse.Namespace, out: Output) -> int:
    run = the(args.run, out)
    replay = Replay(run)
    if not replay.moments:
        raise NotFound(f"{run.id} has no event to replay")
    begin = replay.start if args.begin is None else _begin(replay, *args.begin)
    rest = replay.moments[bisect_left(replay.moments, begin) :] or replay.moments[-1:]
    moments = thinned(rest, args.frames)
    frames = play(replay, args.speed, begin) if args.speed else map(replay.frame, moments)
    said = ""
    for frame in frames:
        said = _show(replay, frame, said, out)
        out.flush()
    return 0


def _begin(replay: Replay, kind: str, value: float) -> float:
    if kind == "share":
        return replay.start + value * (replay.end - replay.start)
    if kind == "after":
        return min(replay.start + value, replay.end)
    reached = bisect_left(replay.moments, value, key=lambda t: _step(replay, t))
    if reached == len(replay.moments):
        raise NotFound(
            f"{replay.run.id} never came to step {value:.0f}", "engine status RUN tells its last"
        )
    return replay.moments[reached]


def _step(replay: Replay, t: float) -> float:
    step = replay.frame(t).view.step
    return -1.0 if step is None else float(step)


def _show(replay: Replay, frame: Frame, said: str, out: Output) -> str:
    """A frame's object; in words only what differs from what was said last."""
    status = replay.status(frame)
    if out.as_json:
        length = replay.end - replay.start
        done = (frame.now - replay.start) / length if length > 0 else 1.0
        out.value({**status.table(), "position": done})
        return said
    line = brief(status)
    text = "".join(part if isinstance(part, str) else part.text for part in line[1:])
    if text != said:
        out.line(*line)
    return text
