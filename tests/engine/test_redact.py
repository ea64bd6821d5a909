"""Secrets in text: known values exactly, tokens by their looks, everything else untouched."""

from __future__ import annotations

import pytest

from engine.redact import HIDDEN, redact


def test_known_values_go_wherever_they_stand() -> None:
    assert redact("a=s3cret-x, 's3cret-x'.", ["s3cret-x"]) == f"a={HIDDEN}, '{HIDDEN}'."


def test_the_longer_of_two_values_goes_first() -> None:
    assert redact("abcdefgh abcd", ["abcd", "abcdefgh"]) == f"{HIDDEN} {HIDDEN}"


def test_each_line_of_a_value_goes() -> None:
    assert redact("it was line-two-of-it", ["line-one-of-it\nline-two-of-it"]) == f"it was {HIDDEN}"


def test_a_value_too_short_to_be_one_changes_nothing() -> None:
    assert redact("a b c", ["a", "", " "]) == "a b c"


@pytest.mark.parametrize(
    "token",
    [
        "hf_" + "aB3" * 11,
        "ghp_" + "x1Y" * 12,
        "github_pat_" + "11AAAAAAA0" * 3,
        "sk-proj-" + "a1B2" * 8,
        "rpa_" + "ABCD1234" * 4,
        "AKIA" + "ABCDEFGH12345678"[:16],
        "AIza" + "a" * 35,
        "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl",
    ],
)
def test_tokens_go_by_their_looks(token: str) -> None:
    assert token not in redact(f"using {token} now")
    assert redact(f"using {token} now").startswith("using ") and "now" in redact(
        f"using {token} now"
    )


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer abcdef0123456789", "abcdef0123456789"),
        ("git clone https://ann:pa55word@example.org/x", "pa55word"),
        ("--wandb_api_key=0123456789abcdef", "0123456789abcdef"),
        ('{"password": "hunter22"}', "hunter22"),
        ("HF_TOKEN=notaprefix99", "notaprefix99"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", "MIIEow"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r", "b3BlbnNzaC1r"),
    ],
)
def test_what_follows_a_telling_name_goes(text: str, secret: str) -> None:
    assert secret not in redact(text) and HIDDEN in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "step 12: loss=0.5 lr=1e-4",
        "{'loss': 2.5, 'num_tokens': 123456789}",
        "max_tokens=2048 total_tokens: 12345678",
        "tokenizer=/models/llama/tokenizer.json",
        "see https://example.org/docs?page=2",
        "task-1234567890123456789",
        "CUDA out of memory. Tried to allocate 20.00 MiB",
    ],
)
def test_ordinary_lines_stay_as_they_are(text: str) -> None:
    assert redact(text) == text


def test_a_long_line_is_no_trap() -> None:
    for text in (
        "a" * 100_000,
        "token" * 20_000,
        "=" * 100_000,
        "api_key=" * 12_000,
        "eyJ" * 30_000,
    ):
        redact(text)
