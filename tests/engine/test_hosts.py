"""hosts.toml: where it is looked for, what may stand in it, and what is said of what may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import hosts
from engine.errors import NotFound, Unusable
from engine.hosts import Host

PIN = "SHA256:" + "a" * 43


def test_the_first_file_that_has_the_name_wins(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "hosts.toml").write_text(
        '[a]\naddress = "one"\n[b]\naddress = "two"\n'
    )
    (home / "hosts.toml").write_text('[a]\naddress = "mine"\nprice_hour = 0.5\n')
    monkeypatch.chdir(tmp_path)
    assert [(host.name, host.address) for host in hosts.every()] == [("a", "mine"), ("b", "two")]
    assert hosts.find("a").price_hour == 0.5


def test_an_added_host_is_found_and_the_file_stays_readable(home: Path) -> None:
    (home / "hosts.toml").write_text('# mine\n[old]\naddress = "old"\n')
    host = Host("box", "ssh", "me@box:2222", key='/k"ey', fingerprint=PIN, price_hour=1.25)
    path = hosts.add(host)
    assert path == home / "hosts.toml" and path.read_text().startswith("# mine\n[old]")
    found = hosts.find("box")
    assert (found.address, found.key, found.fingerprint) == (host.address, host.key, PIN)
    with pytest.raises(Unusable, match="already"):
        hosts.add(host)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ('adress = "x"', "did you mean address"),
        ('address = "-oProxyCommand=evil"', "no address"),
        ('address = "a b"', "no address"),
        ('address = "x"\nfingerprint = "SHA256:short"', "fingerprint"),
        ('address = "x"\nprice_hour = "cheap"', "price_hour"),
        ('address = "x"\nprovider = "cloud9"', "cloud9"),
        ('address = "x"\nkey = "a\\nb"', "key"),
        ("address = 3", "address"),
        ("address = ", "Invalid"),
    ],
)
def test_what_cannot_be_is_said_with_its_file(home: Path, entry: str, words: str) -> None:
    (home / "hosts.toml").write_text(f"[box]\n{entry}\n")
    with pytest.raises(Unusable) as problem:
        hosts.find("box")
    assert words in f"{problem.value} {problem.value.fix}" and "hosts.toml" in str(problem.value)


def test_a_misspelt_name_names_its_neighbour(home: Path) -> None:
    (home / "hosts.toml").write_text('[elson-h100]\naddress = "x"\n')
    with pytest.raises(NotFound) as problem:
        hosts.find("elson-h10")
    assert problem.value.fix == "did you mean elson-h100?"
