"""`engine stop`, `save` and `kill`: left as a request for the keeper, who passes it on."""

from __future__ import annotations

import argparse
import time

from engine.cli.output import Output
from engine.cli.parser import run_argument
from engine.cli.target import Lookout, the
from engine.errors import Unusable
from engine.status import Status

EXAMPLES = """
  engine VERB @
  engine VERB @ --json
  engine stop @ --wait         # returns when it stands
"""
EVERY_S = 0.5
_ASKED = {
    "stop": "asked to stop: it may save, then it ends",
    "save": "asked for a checkpoint",
    "kill": "is being killed",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    run_argument(parser)
    parser.add_argument("--reason", metavar="TEXT", help="kept in the journal")
    parser.add_argument("--wait", action="store_true", help="stop and kill: return when it stands")


def act(args: argparse.Namespace, out: Output) -> int:
    from engine import control

    lookout = Lookout(the(args.run, out), out)
    status = lookout.status()
    if args.verb == "save" and args.wait:
        raise Unusable("engine save cannot wait", "engine checkpoints RUN shows when it is there")
    if status.exit_status is not None:
        return _too_late(args.verb, status, out)
    request = control.request(lookout.run, args.verb, reason=args.reason)
    if not args.json:
        out.say(f"{status.run} {_ASKED[args.verb]}")
    while args.wait and status.exit_status is None:
        time.sleep(EVERY_S)
        status = lookout.status()
    _answer(args.verb, request, status, out)
    return 0


def _too_late(verb: str, status: Status, out: Output) -> int:
    """Stopping what stands is success; a checkpoint of it cannot be had."""
    if verb == "save":
        fix = f"engine checkpoints {status.run} lists what it saved"
        raise Unusable(f"{status.run} has ended: {status.word}", fix)
    out.say(f"{status.run} has ended already: {status.word}")
    _answer(verb, None, status, out)
    return 0


def _answer(verb: str, request: str | None, status: Status, out: Output) -> None:
    if out.as_json:
        table = {"run": status.run, "kind": verb, "request": request}
        out.value({**table, "state": status.state, "word": status.word})
