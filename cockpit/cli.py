"""`cockpit`: open the screen on the fleet, a run or a recording. What it shows, `engine` says in words."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from cockpit import demo
from cockpit.app import Cockpit, Opening
from cockpit.doors import SPEED
from cockpit.themes import THEMES
from cockpit.watching.roster import Runs
from engine import __version__, shipped, vault
from engine.cli.output import Output
from engine.cli.target import the
from engine.errors import NotFound, Problem, Unusable
from engine.runs import Run, every, logs_folder

EXAMPLES = """examples:
  cockpit                       every run
  cockpit @                     the newest run
  cockpit replay @ --speed 60   it once more, a minute a second
  cockpit replay                the recordings that ship
  cockpit run.cockpit           a bundle that somebody sent
  cockpit mix profile.toml      what its phases ask of the buckets, and get
  cockpit demo                  train a tiny model, here and now
  cockpit --serve 8000          the same in a browser, on this machine
"""
PORT = 8000
WEB = "textual.drivers.web_driver:WebDriver"


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status 0 when the screen was closed, else what `engine` would exit with."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(words)
    except Problem as problem:
        print(f"cockpit: {problem}", file=sys.stderr)
        if problem.fix:
            print(f"  {problem.fix}", file=sys.stderr)
        return problem.status
    except KeyboardInterrupt:
        return 130


def _run(words: list[str]) -> int:
    parser = _parser()
    args = parser.parse_args(words)
    if args.serve is not None:
        return _serve(words, args.serve)
    opening = _opening(args)
    served = os.environ.get("TEXTUAL_DRIVER") == WEB
    if not (served or (sys.stdin.isatty() and sys.stdout.isatty())):
        if args.what == ["demo"] and opening.run is not None and not opening.tape:
            return demo.headless(opening.run)
        raise Unusable("the screen needs a terminal", "engine ls and engine status say it in words")
    app = Cockpit(opening)
    try:
        app.run()
    finally:
        if opening.setup is not None:
            opening.setup.end()
    for run in app.running() if not served else []:
        print(f"{run} goes on; cockpit {run} looks at it again")
    return app.return_code or 0


def _serve(words: list[str], port: int) -> int:
    """The rest of the words is for the app in the browser."""
    from cockpit.serving import serve

    at = next(place for place, word in enumerate(words) if word.startswith("--serve"))
    rest = words[at + 1 :]
    if words[at] == "--serve" and rest and rest[0].isdigit():
        rest = rest[1:]
    return serve([*words[:at], *rest], port)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "cockpit",
        description="Watch, stop, resume and replay training runs.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "what", nargs="*", metavar="RUN | BUNDLE | DIR | replay RUN | mix PROFILE | demo"
    )
    parser.add_argument("--speed", type=float, default=1.0, metavar="N", help="of a replay")
    parser.add_argument("--samples", action="store_true", help="replay: the recordings that ship")
    parser.add_argument(
        "--theme", default="cockpit", help="cockpit, light, high-contrast, colour-blind"
    )
    parser.add_argument(
        "--serve", nargs="?", type=int, const=PORT, metavar="PORT", help="in a browser instead"
    )
    parser.add_argument("--ascii", action="store_true", help="draw with nothing but ASCII")
    parser.add_argument(
        "--install",
        default="",
        metavar="COMMAND",
        help="demo: what installs torch, where it is missing",
    )
    parser.add_argument("-V", "--version", action="version", version=f"cockpit {__version__}")
    return parser


def _opening(args: argparse.Namespace) -> Opening:
    if args.theme not in [theme.name for theme in THEMES]:
        known = ", ".join(theme.name for theme in THEMES)
        raise Unusable(f"there is no theme '{args.theme}'", f"one of {known}")
    if not 0 < args.speed <= 1e6:
        raise Unusable(f"{args.speed:g} is no speed", "--speed 60 shows a minute in a second")
    logs, what = logs_folder(), list(args.what)
    if what[:1] == ["mix"]:
        return _mix(what[1:], args.theme)
    tape = what[:1] == ["replay"]
    what = what[1:] if tape else what
    if tape and (args.samples or not what):
        return _samples(logs, args)
    if len(what) > 1:
        raise Unusable(f"one run at a time, not {len(what)}", "cockpit --help")
    runs: Runs = partial(every, logs)
    run: Run | None = None
    if what == ["demo"] and not tape:
        opened = _demo(logs, args.install)
        return replace(opened, theme=args.theme, ascii=args.ascii)
    if what:
        runs, run = _named(what[0], runs)
        tape = tape or (run is not None and vault.inside(run.folder))
    return Opening(runs, run, tape, args.speed, args.theme, args.ascii)


def _mix(what: list[str], theme: str) -> Opening:
    """The phases that a profile, or a folder of buckets, gives."""
    if len(what) != 1 or not Path(what[0]).exists():
        raise Unusable("mix of what?", "cockpit mix PROFILE.toml, or a folder DOMAIN/TIER.jsonl")
    return Opening(partial(every, logs_folder()), theme=theme, mix=Path(what[0]))


def _samples(logs: Path, args: argparse.Namespace) -> Opening:
    found = shipped.recordings(logs)
    if not found:
        raise NotFound("no recording came along", "cockpit replay RUN shows a run")
    speed, theme, plain = args.speed, args.theme, args.ascii
    return Opening(lambda: shipped.recordings(logs), found[0], True, speed, theme, plain)


def _named(word: str, runs: Runs) -> tuple[Runs, Run | None]:
    """A run's folder, a folder of runs, or a run by name."""
    folder = Path(word)
    if folder.is_dir() and not (folder / "keeper.jsonl").is_file():
        for place in (folder, folder / "logs"):
            if every(place):
                return partial(every, place), None
        raise NotFound(f"there is no run in {word}", "a run's folder holds keeper.jsonl")
    if (folder / "keeper.jsonl").is_file():
        return runs, Run(folder.absolute())
    return runs, the(word, Output(as_json=False))


def _demo(logs: Path, install: str) -> Opening:
    """Trained here and now; while what it trains with is still installed, a recording plays."""
    runs: Runs = partial(every, logs)
    found = shipped.recordings(logs)
    if install and found and not demo.trains():
        return Opening(runs, found[0], True, SPEED, setup=demo.Setup(install))
    return Opening(runs, demo.start(logs))
