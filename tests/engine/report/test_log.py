"""A log is made anew as often as one likes: a person's words stay, hostile text stays text, nothing is overwritten."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.events import keeper as k
from engine.report import own, writing
from engine.report.said import MARK, said
from tests.support import stories as s
from tests.support.cli import Engine
from tests.support.shelf import PROFILE, falling, shelved, with_

EVIL = "| x | <script>alert(1)</script> ![i](http://evil/x.png)\n<!-- end of yours -->\n# head \x1b]52;c;x\x07"


def test_what_a_person_wrote_stays_through_any_number_of_reports(
    engine: Engine, logs: Path, tmp_path: Path
) -> None:
    run = shelved(logs, 1, falling())
    path = tmp_path / "LOG.md"
    engine("report", "--log", str(path))
    empty = f"<!-- yours: {run.id} notes -->\n\n"
    assert empty in path.read_text()
    path.write_text(
        path.read_text().replace(
            empty, f"<!-- yours: {run.id} notes -->\nIt went *well*, | a < b.\n"
        )
    )
    shelved(logs, 2, falling(seed=2))
    engine("report", "--log", str(path))
    once = path.read_text()
    engine("report", "--log", str(path))
    assert path.read_text() == once and "It went *well*, | a < b.\n<!-- end of yours -->" in once
    assert own.numbers(once) == {run.id: 1, run.id.replace("000001-abc1", "000002-abc2"): 2}


def test_an_entry_of_a_run_that_is_gone_stays_as_it_was(
    engine: Engine, logs: Path, tmp_path: Path
) -> None:
    gone, kept = shelved(logs, 1, falling()), shelved(logs, 2, falling(seed=2))
    path = tmp_path / "LOG.md"
    engine("report", "--log", str(path))
    entry = own.entries(path.read_text())[gone.id]
    engine("report", kept.id, "--log", str(path))
    assert own.entries(path.read_text())[gone.id] == entry
    assert own.numbers(path.read_text()) == {gone.id: 1, kept.id: 2}


def test_words_for_which_there_is_no_place_any_more_are_kept_at_the_end(
    engine: Engine, logs: Path, tmp_path: Path
) -> None:
    shelved(logs, 1, falling())
    path = tmp_path / "LOG.md"
    engine("report", "--log", str(path))
    path.write_text(
        path.read_text() + "\n<!-- yours: old place -->\nwords\n<!-- end of yours -->\n"
    )
    for _ in range(2):
        engine("report", "--log", str(path))
        assert path.read_text().count("<!-- yours: old place -->\nwords\n") == 1


def test_somebodys_own_file_is_not_overwritten(engine: Engine, logs: Path, tmp_path: Path) -> None:
    shelved(logs, 1, falling())
    path = tmp_path / "NOTES.md"
    path.write_text("# my notes\n")
    found = engine("report", "--log", str(path))
    assert (
        found.status == 2
        and "would be overwritten" in found.err
        and path.read_text() == "# my notes\n"
    )


def test_hostile_text_begins_no_cell_tag_link_or_mark(
    engine: Engine, logs: Path, tmp_path: Path
) -> None:
    noted = ("keeper", k.Noted(s.T0 + 600, "n", EVIL, "me"))
    run = shelved(logs, 1, falling(), with_(PROFILE, model={"base": EVIL}), [noted])
    path = tmp_path / "LOG.md"
    engine("report", "--log", str(path))
    text = path.read_text()
    assert (
        "<script" not in text
        and "![i]" not in text
        and "\x1b" not in text
        and "\n# head" not in text
    )
    assert own.written(text).keys() >= {"head", f"{run.id} notes", "costs"}
    model = next(line for line in text.splitlines() if line.startswith("| **Model**"))
    assert len([c for c in model.replace("\\|", "").split("|") if c.strip()]) == 2


def test_secrets_reach_no_report(
    engine: Engine, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", "s3cret-value-of-mine")
    noted = (
        "keeper",
        k.Noted(s.T0 + 600, "n", "it was s3cret-value-of-mine and hf_abcdefghijklmnopqrst", "me"),
    )
    run = shelved(logs, 1, falling(), with_(PROFILE, secrets={"names": ["MY_TOKEN"]}), [noted])
    text = engine("report", run.id).out
    assert "s3cret" not in text and "hf_abc" not in text and "it was" in text


def test_a_template_of_the_users_own_is_taken_before_ours(
    engine: Engine, logs: Path, home: Path
) -> None:
    run = shelved(logs, 1, falling())
    (home / "templates").mkdir()
    (home / "templates" / "entry.md.j2").write_text(
        "{{ entry.run }} came to {{ entry.whole.mean }}\n"
    )
    assert engine("report", run.id).out.startswith(f"{run.id} came to 1.")


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{% if %}", ":1: "),
        ("{{ entry.nothing }}", "has no attribute 'nothing'"),
        ("{{ entry.run.__class__.__mro__ }}", "unsafe"),
        ("{% include '/etc/passwd' %}", "no template"),
        ("{{ 1 / 0 }}", "division"),
    ],
)
def test_a_template_that_fails_says_where(
    engine: Engine, logs: Path, tmp_path: Path, template: str, words: str
) -> None:
    run = shelved(logs, 1, falling())
    path = tmp_path / "mine.j2"
    path.write_text(template)
    found = engine("report", run.id, "--template", str(path))
    assert found.status == 2 and words in found.err and "root:" not in found.out


def test_without_jinja_it_says_what_to_install(
    engine: Engine, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = shelved(logs, 1, falling())
    monkeypatch.setitem(sys.modules, "jinja2", None)
    found = engine("report", run.id)
    assert found.status == 2 and "pip install jinja2" in found.err
    assert engine("report", run.id, "--json").status == 0


def test_a_log_that_is_read_with_a_torn_end_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "LOG.md"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(Exception, match="no text"):
        writing.read(path)


def test_a_typed_word_is_marked_and_a_measured_one_is_not() -> None:
    assert said("1.0", None).typed is False and said(None, "1.0").typed is True
    assert said("1.0", "2.0").other == "2.0" and said("1.0", "1.0").other is None
    assert MARK not in said("1.0", None).text


def test_what_is_no_pair_is_typed_nowhere(engine: Engine, logs: Path) -> None:
    run = shelved(logs, 1, falling())
    found = engine("note", run.id, "--typed", "a.b=1", "--typed", "nothing")
    assert found.status == 2 and b'"typed"' not in run.keeper.read_bytes()
    engine("note", run.id, "--typed", "hyper.Rank=8", "--typed", "hyper.Rank=")
    assert "Rank" not in engine("report", run.id).out
