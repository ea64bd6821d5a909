"""What is wrong with a row, and how bad that is. Pure, and plain enough to be judged by its reader."""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.data.doubles import spelled
from engine.data.rows import Row

LEVELS: Mapping[str, str] = {
    "broken": "error",
    "useless": "error",
    "leaked": "error",
    "nearly leaked": "warning",
    "duplicate": "warning",
    "duplicate id": "warning",
    "near duplicate": "warning",
    "too long": "warning",
    "truncated": "warning",
    "mid-sentence": "warning",
    "mojibake": "warning",
    "chat residue": "warning",
    "repeats the question": "warning",
    "personal data": "warning",
    "misplaced": "warning",
}
"""Errors make `validate` exit with 1; a warning never does."""

_MOJIBAKE = re.compile(r"Ã[\u0080-¿]|Â[\u0080-¿]|â€|ï»¿|Ð[\u0080-¿]|\ufffd")
_RESIDUE = re.compile(
    r"<\|(?:im_start|im_end|endoftext|eot_id)\|>|\[/?INST\]|^### (?:Instruction|Response)"
    r"|\bAs an AI (?:language )?model\b",
    re.MULTILINE | re.IGNORECASE,
)
_MAIL = re.compile(
    r"[A-Za-z0-9._%+-]{2,64}@(?!example\.)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
)
_SSN = re.compile(r"(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])")
_CARD = re.compile(r"(?<![\d.])(?:\d[ -]?){12,18}\d(?![\d.])")
_PHONE = re.compile(r"(?<![\d.])(?:\+\d{1,3}[ .-]?)?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
_SHAPE = bytes.maketrans(b"123456789", b"000000000")
_CARD_RUN, _IBAN_RUN = b"0" * 13, b"0" * 8
_DIGITS = b"0" * 8
"""Without what may stand between them, every number that is somebody's has as many digits in a row."""
SHORTEST = 60
"""Characters of an answer that should be a sentence: shorter ones are often a name or a number."""


def problems(row: Row, said: str | None = None) -> list[tuple[str, str]]:
    """Each problem of a row as (name, what was seen); `said` is the row as `spelled`, for who has it already."""
    found: list[tuple[str, str]] = []
    turns = row.turns
    if _doubtful(spelled(row) if said is None else said):
        for _, text in turns:
            found += _text(text)
    role, answer = turns[-1]
    if len(answer) >= SHORTEST:
        found += _sentence(role, answer)
    for asker, question in turns[:-1]:
        if asker in ("user", "prompt") and question:
            if len(question) == len(answer) > 20 and question.lower() == answer.lower():
                found.append(("repeats the question", _short(answer)))
            break
    return found


def _doubtful(said: str) -> bool:
    """Anything at all that one of the patterns could find: most rows hold nothing, and are seen to in one look.

    Text finds a part of it three times as fast as bytes do.
    """
    if not said.isascii() or "@" in said or "<|" in said or "###" in said:
        return True
    if "inst]" in said or "as an ai" in said:
        return True
    return said.encode().translate(_SHAPE, b" -.()").find(_DIGITS) >= 0


def _sentence(role: str, text: str) -> list[tuple[str, str]]:
    text, found = text.strip(), []
    if role in ("assistant", "completion") and text[:1].islower():
        found.append(("mid-sentence", _short(text)))
    if role not in ("text", "part") and text[-1:].isalnum() and "\n" not in text[-80:]:
        found.append(("truncated", "…" + text[-60:]))
    return found


def _text(text: str) -> list[tuple[str, str]]:
    found = []
    if not text.isascii() and (seen := _MOJIBAKE.search(text)):
        found.append(("mojibake", _around(text, seen.start())))
    if ("<|" in text or "###" in text or "INST]" in text or "As an AI" in text) and (
        seen := _RESIDUE.search(text)
    ):
        found.append(("chat residue", _around(text, seen.start())))
    if (kind := personal(text)) is not None:
        found.append(("personal data", kind))
    return found


def personal(text: str) -> str | None:
    """The kind of a string that looks like somebody's; never the string itself."""
    if "@" in text and _MAIL.search(text):
        return "an e-mail address"
    # every digit as a 0: a look for a run of them is a hundred times as fast as a pattern
    shape = text.encode("utf-8", "surrogatepass").translate(_SHAPE)
    if b"000" not in shape:
        return None
    if b"000-00-0000" in shape and _SSN.search(text):
        return "a social security number"
    if b"000-0000" in shape or b"000 0000" in shape or b"000.0000" in shape:
        if _PHONE.search(text):
            return "a telephone number"
    run = shape.translate(None, b" -")
    if _CARD_RUN in run and any(_luhn(found.group()) for found in _CARD.finditer(text)):
        return "a card number"
    if _IBAN_RUN in run and any(_iban(found.group()) for found in _IBAN.finditer(text)):
        return "an account number"
    return None


def _luhn(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    if len(set(digits)) < 2:
        return False
    doubled = [d if i % 2 == 0 else 2 * d - 9 * (d > 4) for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _iban(text: str) -> bool:
    plain = text.replace(" ", "")
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def _short(text: str) -> str:
    return text[:60] + ("…" if len(text) > 60 else "")


def _around(text: str, at: int) -> str:
    return text[max(0, at - 20) : at + 40]
