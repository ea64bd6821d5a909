"""The places a letter can go to, each one function: sent, refused for good, or not now.

Nothing here passes a shell. What an address answers is shown to nobody but by its status: it may hold anything.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any, Mapping, NamedTuple, Sequence

from engine.notify.outbox import Letter

NTFY = "https://ntfy.sh"
TIMEOUT_S = 10.0
COMMAND_S = 60.0
MOST_TEXT = 1900
"""Characters that every one of the usual chat services takes."""
BUSY = (408, 425, 429)
COMMAND = "command"


class Outcome(NamedTuple):
    """`again` means that another try may help; the reason is for people."""

    sent: bool
    reason: str | None = None
    again: bool = False


def secret_of(channel: str) -> str | None:
    """The name of the secret that holds the address, for a channel that has one."""
    kind, _, name = channel.partition(":")
    return name if kind == "webhook" else None


def deliver(letter: Letter, keys: Mapping[str, str], command: Sequence[str] = ()) -> Outcome:
    """One try. `keys` are the values of secrets by name; `command` is the profile's."""
    kind, _, rest = letter.to.partition(":")
    text = _text(letter.notice)
    if kind == "desktop":
        return _desktop(str(letter.notice.get("title", "")), text)
    if kind == COMMAND:
        return _run(command, text)
    if kind == "ntfy":
        base = os.environ.get("COCKPIT_NTFY_URL") or NTFY
        return _post(base, _ntfy(rest, letter.notice, text))
    if kind == "webhook":
        address = keys.get(rest)
        if not address:
            return Outcome(False, f"no value for the secret {rest}")
        return _post(address, {**letter.notice, "text": text, "content": text})
    return Outcome(False, f"'{kind}' is no channel")


def _text(notice: Mapping[str, Any]) -> str:
    lines = notice.get("lines")
    told = [str(line) for line in lines] if isinstance(lines, list) else []
    return "\n".join([str(notice.get("title", "")), *told])[:MOST_TEXT]


def _ntfy(topic: str, notice: Mapping[str, Any], text: str) -> dict[str, Any]:
    title, _, rest = text.partition("\n")
    red = bool(notice.get("red"))
    return {"topic": topic, "title": title, "message": rest or title, "priority": 5 if red else 3}


def _post(address: str, body: Mapping[str, Any]) -> Outcome:
    if not address.startswith(("https://", "http://")):
        return Outcome(False, "its address is not one of http or https")
    # A runner that never has anything to send never loads these, nor the libraries behind them.
    import urllib.error
    import urllib.request

    headers = {"Content-Type": "application/json", "User-Agent": "training-cockpit"}
    try:
        asked = urllib.request.Request(address, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(asked, timeout=TIMEOUT_S) as answer:
            answer.read(4096)
        return Outcome(True)
    except urllib.error.HTTPError as error:
        again = error.code >= 500 or error.code in BUSY
        return Outcome(False, f"answered {error.code}", again)
    except OSError as error:
        return Outcome(False, f"cannot be reached: {_why(error)}", again=True)
    except ValueError:
        return Outcome(False, "its address is no URL")


def _why(error: OSError) -> str:
    """Without the address, which may be the secret itself."""
    reason = getattr(error, "reason", error)
    return getattr(reason, "strerror", None) or type(reason).__name__


def _desktop(title: str, text: str) -> Outcome:
    body = text.partition("\n")[2]
    if shutil.which("notify-send"):
        return _run(("notify-send", "--app-name=cockpit", "--", title, body), "")
    if shutil.which("osascript"):
        script = "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run"
        return _run(("osascript", "-e", script, title, body), "")
    return Outcome(False, "no program for notifications is here (notify-send)")


def _run(argv: Sequence[str], text: str) -> Outcome:
    """A command with the text on its standard input; what it prints is nobody's."""
    if not argv:
        return Outcome(False, "no command is named")
    try:
        done = subprocess.run(
            list(argv),
            input=text.encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=COMMAND_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Outcome(False, f"did not end in {COMMAND_S:.0f} s", again=True)
    except (OSError, ValueError) as error:
        return Outcome(False, f"cannot be run: {getattr(error, 'strerror', None) or error}")
    if done.returncode:
        return Outcome(False, f"ended with {done.returncode}", again=True)
    return Outcome(True)
