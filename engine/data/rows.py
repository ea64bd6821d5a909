"""One record as a conversation.

Knows the four shapes of the trade: instruction/input/output, chat messages, prompt/completion, plain text. A row that
cannot teach anything is not dropped in silence: it is returned as a `Fault` with its file and line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

ANSWER_KEYS = ("output", "completion", "response", "answer", "chosen")
QUESTION_KEYS = ("instruction", "prompt", "question")


class Turn(NamedTuple):
    role: str
    text: str


class Row(NamedTuple):
    """One example: turns of a conversation, or a single turn of role `text`, or `part` if the next one goes on."""

    where: str
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class Fault:
    """A row that teaches nothing; `broken` if it could not even be read."""

    where: str
    reason: str
    broken: bool = False


def parse_row(record: Any, where: str, kind: str) -> Row | Fault:
    """One JSON value as a row; `kind` is a shape's name or `auto`."""
    if not isinstance(record, dict):
        return Fault(where, "not an object", broken=True)
    shape = kind if kind != "auto" else _shape(record)
    if shape == "chat":
        return _chat(record, where)
    if shape == "text":
        text = record.get("text")
        if not isinstance(text, str) or not said(text):
            return Fault(where, "no text")
        return Row(where, (Turn("text", text),))
    return _question(record, where, shape)


def _shape(record: dict[str, Any]) -> str:
    if "messages" in record or "conversations" in record:
        return "chat"
    if "prompt" in record:
        return "completion"
    for key in QUESTION_KEYS:
        if key in record:
            return "instruction"
    return "text"


def _chat(record: dict[str, Any], where: str) -> Row | Fault:
    messages = record.get("messages", record.get("conversations"))
    names = {"human": "user", "gpt": "assistant"}
    turns = []
    for message in messages if isinstance(messages, list) else []:
        if not isinstance(message, dict):
            return Fault(where, "a message is not an object")
        role = str(message.get("role", message.get("from", "user")))
        text = message.get("content", message.get("value"))
        if not isinstance(text, str):
            return Fault(where, f"the {role}'s message has no text")
        turns.append(Turn(names.get(role, role), text))
    if not any(turn.role == "assistant" and said(turn.text) for turn in turns):
        return Fault(where, "no answer of an assistant")
    return Row(where, tuple(turns))


def _question(record: dict[str, Any], where: str, shape: str) -> Row | Fault:
    question, answer = _first(record, QUESTION_KEYS), _first(record, ANSWER_KEYS)
    if question is None:
        return Fault(where, f"none of {', '.join(QUESTION_KEYS)}")
    if answer is None or not said(answer):
        return Fault(where, f"no answer ({', '.join(ANSWER_KEYS)})")
    if shape == "completion":
        return Row(where, (Turn("prompt", question), Turn("completion", answer)))
    extra, system = record.get("input"), record.get("system")
    if extra and type(extra) is str and said(extra):
        question = f"{question}\n\n{extra}"
    asked, answered = _turn(Turn, ("user", question)), _turn(Turn, ("assistant", answer))
    if system and type(system) is str and said(system):
        return Row(where, (Turn("system", system), asked, answered))
    return _row(Row, (where, (asked, answered)))


# Most rows are of this shape, and half of the time that one takes went to the constructors of named tuples.
_turn: Callable[[type[Turn], tuple[str, str]], Turn] = tuple.__new__
_row: Callable[[type[Row], tuple[str, tuple[Turn, ...]]], Row] = tuple.__new__


def said(text: str) -> bool:
    """Whether it is more than space; nothing is copied for that."""
    return bool(text) and not text.isspace()


def _first(record: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    for key in keys:
        value = record.get(key)
        if type(value) is str:
            return value
    return None
