"""What looks like a secret: a profile names secrets and never holds one."""

from __future__ import annotations

import re

ADVICE = "put its name into [secrets] names and its value into the environment or the keyring"

_TOKEN = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"hf_[A-Za-z0-9]{30,}|sk-[A-Za-z0-9_-]{20,}|rpa_[A-Za-z0-9]{30,}|AKIA[0-9A-Z]{16}(?![0-9A-Za-z])"
    r"|gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40,}|glpat-[A-Za-z0-9_-]{20,}"
    r"|xox[abprs]-[A-Za-z0-9-]{10,}|AIza[0-9A-Za-z_-]{35}|wandb_v\d_\w{20,}"
    r"|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,})"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----|://[^/\s:@]+:[^/\s:@]+@"
)
_NAME = re.compile(
    r"(?:^|_)(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|APIKEY|KEY|CREDENTIALS?)$", re.IGNORECASE
)
_HARMLESS = re.compile(r"[/~.$].*|[\d.]*|.{0,7}|true|false", re.DOTALL)


def is_secret(text: str) -> bool:
    """By the shape of the value alone: the tokens of well-known services, private keys, passwords in addresses."""
    return _TOKEN.search(text) is not None


def holds_secret(name: str, value: str) -> bool:
    """Of an environment variable, by its name too: `WANDB_API_KEY` holds one, a path to a file does not."""
    return is_secret(value) or (bool(_NAME.search(name)) and not _HARMLESS.fullmatch(value))
