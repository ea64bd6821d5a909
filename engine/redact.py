"""Keep secrets out of text that is written or shown: the known values exactly, then what looks like a token.

Patterns find what nobody declared; they cannot find everything, so values come first. Nothing is remembered.
Standard library, Python 3.8: the runner carries it.
"""

from __future__ import annotations

import re
from typing import Sequence

HIDDEN = "[redacted]"
LEAST = 4
"""A value shorter than this would black out ordinary words."""

_NAME = (
    r"[A-Za-z0-9_.-]{0,64}(?:api[_-]?key|access[_-]?key|token|secret|passw(?:or)?d|credential)s?"
)

_PATTERNS = (
    re.compile(
        r"-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,32}PRIVATE KEY-----|\Z)",
        re.DOTALL,
    ),
    re.compile(
        r"\b(?:hf_|ghp_|gho_|ghs_|ghu_|github_pat_|glpat-|sk-|rpa_|xox[abprs]-|npm_|pypi-|dop_v1_|ya29\.)"
        r"[A-Za-z0-9_.\-]{16,}"
    ),
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"\bAIza[A-Za-z0-9_\-]{35}"),
    re.compile(r"\beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}"),
    re.compile(r"\bhttps://hooks\.slack\.com/services/[A-Za-z0-9/]{16,}"),
)
_AFTER = (
    re.compile(r"(?i)(\b(?:bearer|basic)\s+)[A-Za-z0-9+/=_.~\-]{8,}"),
    re.compile(r"(?i)([a-z][a-z0-9+.\-]{1,15}://[^\s/:@]{0,64}:)[^\s/@]{1,256}(?=@)"),
    re.compile(
        r"(?i)(\b" + _NAME + r"[\"']?\s{0,4}[=:]\s{0,4}[\"']?)(?!\d+(?:\.\d+)?\b)[^\s\"',;&]{6,}"
    ),
)


def redact(text: str, values: Sequence[str] = ()) -> str:
    """The text without these values and without what looks like a credential."""
    for value in sorted(_pieces(values), key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    for pattern in _PATTERNS:
        text = pattern.sub(HIDDEN, text)
    for pattern in _AFTER:
        text = pattern.sub(lambda match: match.group(1) + HIDDEN, text)
    return text


def _pieces(values: Sequence[str]) -> set[str]:
    """Each value, and each line of one that has several, because output may be cut at lines."""
    found: set[str] = set()
    for value in values:
        found.update(piece.strip() for piece in (value, *value.splitlines()))
    return {piece for piece in found if len(piece) >= LEAST}
