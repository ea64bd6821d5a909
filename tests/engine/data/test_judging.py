"""What is judged fast, in pieces and by many is judged as by one that looks at everything, row by row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data import crew, inspection, quality, units
from engine.data.doubles import Near, exact, sign, text_of
from engine.data.inspection import EXAMPLES, Wanted
from engine.data.merging import How, merge
from engine.data.quality import problems
from engine.data.reading import read_records
from engine.data.rows import Fault, Row, Turn, parse_row
from engine.data.validate import Report, Validator, Wishes
from engine.errors import Problem
from tests.engine.data import grain

SUSPECTS = (
    "jane.doe@bank.test", "help@example.com", "523-45-6789", "000-00-0000", "4111 1111 1111 1111",
    "(212) 555-0187", "+49 212-555-0187", "GB82 WEST 1234 5698 7654 32", "GB82WEST12345698765432",
    "cafÃ©", "Itâ€™s", "\ufffd", "<|im_end|>", "<|IM_END|>", "[/INST]", "[/inst]", "### Instruction",
    "### instruction", "As an AI language model", "as an ai", "1,234,567.89", "1.2.3.4.5.6.7.8",
    "\u212a", "İ", "١٢٣-٤٥-٦٧٨٩", "\x1e", "\x1f", "\n", " ", "-", "0" * 8,
)  # fmt: skip
texts = st.lists(st.one_of(st.sampled_from(SUSPECTS), st.text(max_size=8)), max_size=8).map("".join)
rows = st.lists(
    st.tuples(st.sampled_from(["user", "assistant", "text", "a@b"]), texts), min_size=1, max_size=3
).map(lambda turns: Row("f:1", tuple(Turn(*turn) for turn in turns)))


def plainly(row: Row) -> list[tuple[str, str]]:
    """Every pattern on every text."""
    found: list[tuple[str, str]] = []
    for _, text in row.turns:
        found += quality._text(text)
    whole = problems(row, "no doubt")
    return found + whole


@given(rows)
def test_one_look_passes_over_nothing_that_a_pattern_would_find(row: Row) -> None:
    assert problems(row) == plainly(row)


@pytest.mark.parametrize("blind", ["@", "<|", "###", "inst]", "as an ai", "0" * 8])
def test_a_look_that_is_blind_for_one_sign_is_found_out(
    blind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""
    honest = quality._doubtful

    def without(said: str) -> bool:
        digits = "".join(c for c in said if c not in " -.()")
        shape = digits.encode().translate(quality._SHAPE).decode()
        return honest(said) and blind not in said and blind not in shape

    monkeypatch.setattr(quality, "_doubtful", without)
    suspects = [Row("f:1", (Turn("text", text),)) for text in SUSPECTS]
    assert any(problems(row) != plainly(row) for row in suspects)


def adversarial(folder: Path) -> list[str]:
    """Doubles, ids, faults, line ends and marks of every kind, in files of every kind."""
    folder = folder / "in"
    folder.mkdir()
    good = [{**grain.row("tax", "easy", n % 30), "id": n % 37} for n in range(90)]
    for n in range(0, 90, 7):
        good[n]["output"] += " " + SUSPECTS[n % len(SUSPECTS)]
    lines = [json.dumps(one, ensure_ascii=n % 2 == 0) for n, one in enumerate(good)]
    lines[11:11] = [
        "{broken",
        "",
        "   ",
        "[1]",
        '{"text": "half',
        '{"instruction": "Q", "output": " "}',
    ]
    lines[40] = '{"instruction": "Q", "output": NaN, "text": "x"}'
    (folder / "a.jsonl").write_text("\ufeff" + "\r\n".join(lines))
    (folder / "b.jsonl").write_text(grain.lines(good[::-1]) + '{"text": "' + "x" * 4000 + '"}\n')
    (folder / "c.json").write_text(json.dumps(good[:20]) + "x")
    (folder / "d.csv").write_text('instruction,output\nQ,A\n"Q,\n2",A\nQ,A\nQ,A,B\n')
    (folder / "e.txt").write_text("a tale\n\n\nanother\n\n\n\n\na tale\n")
    (folder / "empty.jsonl").write_text("")
    (folder / "easy.jsonl").write_text(grain.lines([grain.row("tax", "hard", 1)] * 2))
    return [str(path) for path in sorted(folder.iterdir())]


def by_one(files: list[str], near: bool) -> dict[str, tuple[int, list[tuple[str, str]]]]:
    """The same judgement in the plainest way: one loop, and a set."""
    found: dict[str, tuple[int, list[tuple[str, str]]]] = {}
    seen, alike, ids = set[bytes](), Near(), dict[str, str]()

    def note(problem: str, where: str, what: str) -> None:
        count, shown = found.get(problem, (0, []))
        found[problem] = (count + 1, [*shown, (where, what)][:EXAMPLES])

    for where, record in read_records(files):
        row = record if isinstance(record, Fault) else parse_row(record, where, "auto")
        if isinstance(row, Fault):
            note("broken" if row.broken else "useless", row.where, row.reason)
            continue
        for problem, what in plainly(row):
            note(problem, where, what)
        if exact(row) in seen:
            note("duplicate", where, "the same text as an earlier row")
        elif near and alike.add(sign(text_of(row))) is not None:
            note("near duplicate", where, "nearly the text of an earlier row")
        seen.add(exact(row))
        if "id" in record and ids.setdefault(str(record["id"]), where) != where:
            note("duplicate id", where, f"id {record['id']} is that of {ids[str(record['id'])]}")
        if "/easy.jsonl" in where and record["difficulty"] != "easy":
            note("misplaced", where, f"says {record['category']}/{record['difficulty']}")
    return found


def told(report: Report) -> dict[str, tuple[int, list[tuple[str, str]]]]:
    return {
        name: (count, [(one.where, one.reason) for one in shown])
        for name, (count, shown) in report.found.items()
    }


@pytest.mark.parametrize("size", [1, 300, 4 << 20])
@pytest.mark.parametrize("near", [False, True])
def test_files_are_judged_the_same_wherever_they_are_cut(
    size: int, near: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units.pieces, "__defaults__", (size,))
    files = adversarial(tmp_path)
    report = Validator(Wishes(Wanted(near=near))).look(files)
    expected = by_one(files, near)
    assert told(report) == expected and len(expected) >= 8
    assert sum(report.files.values()) == len(report.sizes) > 180


def test_lines_that_were_not_counted_are_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""
    monkeypatch.setattr(units.pieces, "__defaults__", (300,))
    monkeypatch.setattr(inspection, "newlines", lambda *where: 0)
    files = adversarial(tmp_path)
    assert told(Validator(Wishes()).look(files)) != by_one(files, False)


@pytest.mark.leaves("the resource tracker of multiprocessing lives as long as this process")
def test_two_processes_judge_and_merge_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = adversarial(tmp_path)
    for function in (units.pieces, units.units):
        monkeypatch.setattr(function, "__defaults__", (700,))
    monkeypatch.setattr(crew, "PORTION", 1500)
    how: dict[str, Any] = {"dedupe": "near", "broken": "skip"}
    alone = vars(Validator(Wishes(workers=1)).look(files))
    one = merge(files, tmp_path / "one.jsonl", How(**how, workers=1))
    monkeypatch.setattr(crew, "SMALL", 0)
    assert vars(Validator(Wishes(workers=2)).look(files)) == alone
    two = merge(files, tmp_path / "two.jsonl", How(**how, workers=2))
    assert one == two and one.doubles > 90 and one.near > 0
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()
    assert list(tmp_path.glob(".*")) == []


@pytest.mark.parametrize("dedupe", ["none", "exact", "near"])
@pytest.mark.parametrize("size", [1, 4 << 20])
def test_a_merge_keeps_the_first_of_each_whatever_is_in_the_files(
    dedupe: str, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = adversarial(tmp_path)
    monkeypatch.setattr(units.pieces, "__defaults__", (size,))
    merged = merge(files, tmp_path / "out.jsonl", How(dedupe=dedupe, broken="skip"))
    kept: list[Any] = []
    seen, alike = set[bytes](), Near()
    for where, record in read_records(files):
        row = record if isinstance(record, Fault) else parse_row(record, where, "auto")
        if isinstance(row, Fault) or (dedupe != "none" and exact(row) in seen):
            continue
        if dedupe != "near" or alike.add(sign(text_of(row))) is None:
            kept.append(record)
            seen.add(exact(row))
    written = (tmp_path / "out.jsonl").read_bytes().splitlines(keepends=True)
    assert [str(json.loads(line)) for line in written] == [str(one) for one in kept]
    assert merged.rows == len(kept) and all(line.endswith(b"}\n") for line in written)
    assert merged.read == merged.rows + merged.doubles + merged.near + len(merged.faults)


def test_a_broken_row_ends_it_with_its_line_wherever_the_file_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units.pieces, "__defaults__", (300,))
    files = adversarial(tmp_path)
    with pytest.raises(Problem, match=r"a\.jsonl:12: not JSON"):
        Validator(Wishes(stop=True)).look(files)


def test_a_file_that_is_named_twice_is_looked_at_once(tmp_path: Path) -> None:
    files = adversarial(tmp_path)
    assert told(Validator(Wishes()).look(files * 2)) == by_one(files, False)
