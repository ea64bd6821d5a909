"""A profile holds the names of secrets; what looks like their values is refused and never shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.profile import ProfileError, from_table, load
from tests.engine.profile.test_faults import CORE

TOKEN = "hf_" + "aB3" * 12
SECRETS = [
    TOKEN,
    "sk-" + "a1" * 20,
    "AKIA" + "ABCD1234" * 2,
    "ghp_" + "a" * 36,
    "github_pat_" + "a" * 60,
    "rpa_" + "A1" * 20,
    "xoxb-1234567890-abc",
    "AIza" + "a" * 35,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x",
    "-----BEGIN OPENSSH PRIVATE KEY-----",
    "https://user:hunter22@host/path",
]
FINE = {
    "TOKENIZERS_PARALLELISM": "false",
    "MAX_TOKENS": "1000000000",
    "TOKEN": "",
    "HF_TOKEN": "$HF_TOKEN",
    "GOOGLE_APPLICATION_CREDENTIALS": "/etc/keys/gcp.json",
    "SSH_KEY": "~/.ssh/id_ed25519",
    "PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True",
    "COMMIT": "9e40092aa9e40092aa9e40092aa9e40092aa9e40",
    "MODEL": "hf:Qwen/Qwen2.5-Coder-7B-Instruct",
    "URL": "https://host:8080/risk-assessment-of-a-very-long-name",
    "KEYBOARD": "a-long-name-of-a-keyboard",
}


def told(table: Mapping[str, object]) -> str:
    with pytest.raises(ProfileError) as caught:
        from_table({"name": "p", "recipe": "command", **table})
    return str(caught.value)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_value_that_looks_like_a_secret_is_refused_wherever_it_stands(secret: str) -> None:
    for table in (
        {"command": {"argv": ["a"], "env": {"A": secret}}},
        {"command": {"argv": ["a", f"--token={secret}"]}},
        {"command": {"argv": ["a"]}, "goal": secret},
        {"command": {"argv": ["a"]}, "save": {"sink": secret}},
    ):
        text = told(table)
        assert "looks like a secret; put its name into [secrets] names" in text
        assert secret not in text


@pytest.mark.parametrize(
    "name", ["WANDB_API_KEY", "TOKEN", "db_password", "AWS_SECRET", "X_PASSPHRASE"]
)
def test_an_environment_variable_is_known_by_its_name(name: str) -> None:
    text = told({"command": {"argv": ["a"], "env": {name: "0a1b2c3d4e5f"}}})
    assert f"command.env.{name}: looks like a secret" in text and "0a1b" not in text


@pytest.mark.parametrize("name", FINE)
def test_what_only_sounds_like_one_is_fine(name: str) -> None:
    table = {
        "name": "p",
        "recipe": "command",
        "command": {"argv": ["a"], "env": {name: FINE[name]}},
    }
    assert from_table(table).command.env[name] == FINE[name]


@pytest.mark.parametrize(
    "words",
    [
        f"command.env.HF_TOKEN={TOKEN}",
        f'command.env.HF_TOKEN="{TOKEN}"',
        f"comand.env.HF_TOKEN={TOKEN}",
        f"train.seed={TOKEN}",
        "command.env.WANDB_API_KEY=0a1b2c3d4e5f",
        f"{TOKEN}=1",
    ],
)
def test_words_that_hold_a_secret_are_not_repeated(words: str, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(CORE)
    with pytest.raises(ProfileError) as caught:
        load(tmp_path / "p.toml", [words])
    assert TOKEN not in str(caught.value) and "0a1b" not in str(caught.value)


def test_a_secret_in_the_wrong_place_of_a_file_is_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(
        f'{CORE}[train]\nseed = "{TOKEN}"\n[schedule]\nkind = "{TOKEN}"'
    )
    with pytest.raises(ProfileError) as caught:
        load(tmp_path / "p.toml")
    assert "train.seed: must be a whole number, not a secret" in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_names_of_secrets_are_kept() -> None:
    table = {
        "name": "p",
        "recipe": "command",
        "command": {"argv": ["a"]},
        "secrets": {"names": "HF_TOKEN"},
    }
    assert from_table(table).secrets.names == ("HF_TOKEN",)
    assert "secrets.names[0]" in told({"command": {"argv": ["a"]}, "secrets": {"names": ["A B"]}})
