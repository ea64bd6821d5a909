"""From the words after `engine` to a status: find the verb, load it, run it, put errors into words."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

from engine import __version__
from engine.cli.catalog import GROUPS, VERBS
from engine.cli.output import Output
from engine.errors import Problem, Unusable

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb. The one place where anything at all is caught."""
    words = list(sys.argv[1:] if argv is None else argv)
    out = Output(as_json="--json" in words[: words.index("--") if "--" in words else None])
    try:
        status = _dispatch(words, out)
        out.flush()
        return status
    except Problem as problem:
        return _complain(out, problem)
    except BrokenPipeError:
        return _unheard()
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _complain(out, Unusable(f"{where}{error.strerror or error}"))
    except Exception as error:
        return _bug(out, error)


def _dispatch(words: list[str], out: Output) -> int:
    if not words or words[0] in ("-h", "--help"):
        _overview(out)
        return 0 if words else Unusable.status
    if words[0] in ("-V", "--version"):
        out.line(f"engine {__version__}")
        return 0
    return _verb(words[0], words[1:], out)


def _verb(name: str, words: list[str], out: Output) -> int:
    from engine.cli.parser import nearest, verb_parser

    if name not in VERBS:
        fix = nearest(name, VERBS) or "engine --help lists the verbs"
        raise Unusable(f"there is no verb '{name}'", fix)
    module, summary = VERBS[name]
    verb = importlib.import_module(f"engine.cli.verbs.{module}")
    parser = verb_parser(name, summary, verb.EXAMPLES.replace("VERB", name))
    parser.set_defaults(verb=name)
    verb.arguments(parser)
    try:
        args = parser.parse_args(words)
    except SystemExit as asked_for_help:
        return int(asked_for_help.code or 0)
    status: int = verb.act(args, out)
    return status


def _overview(out: Output) -> None:
    out.line("usage: engine VERB [RUN] [options]")
    out.line("Launch, watch, prove and resume training runs, without a screen.")
    for group, verbs in GROUPS.items():
        out.line()
        out.line(group)
        for name, (_, summary) in verbs.items():
            out.line(f"  {name:<12} {summary}")
    out.line()
    out.line(
        "RUN is an id, a unique part of one, a profile's name (its newest run), or @ (the newest)."
    )
    out.line("engine VERB --help shows options and examples. Every verb answers --json.")


def _bug(out: Output, error: Exception) -> int:
    from engine.cli import crash

    path = crash.record(error)
    out.say(f"engine: this is a bug: {type(error).__name__}; its traceback is in {path}")
    return crash.BUG


def _complain(out: Output, problem: Problem) -> int:
    """An answer that nobody reads any more must not become a second error."""
    try:
        status = out.problem(problem)
        out.flush()
    except OSError:
        _unheard()
        return problem.status
    return status


def _unheard() -> int:
    """The reader of our stdout went away; the interpreter must not say so when it flushes at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
