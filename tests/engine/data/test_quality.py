"""What is wrong with rows is seen and named; what is right is left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.data.doubles import Near, exact, shingles, sign, text_of
from engine.data.language import language
from engine.data.quality import LEVELS, problems
from engine.data.rows import Row, parse_row
from tests.engine.data import grain
from tests.support.cli import Engine

GOOD = "The limit is $23,500 for employees under fifty, and $7,500 more from that age on."
TALES = (Path(__file__).parents[3] / "profiles" / "demo.txt").read_text().split("\n\n\n")


def row(output: str, instruction: str = "What is the limit?") -> Row:
    found = parse_row({"instruction": instruction, "output": output}, "f:1", "auto")
    assert isinstance(found, Row)
    return found


def names(output: str, instruction: str = "What is the limit?") -> set[str]:
    return {name for name, _ in problems(row(output, instruction))}


@pytest.mark.parametrize(
    ("output", "name"),
    [
        (GOOD[:-1] + " and then the next thing that has to be known about it is", "truncated"),
        ("the-Counter (OTC) derivatives market, the ISDA Master Agreement and its Credit Support Annex.",
         "mid-sentence"),
        ("The cafÃ© in the old town is where most of the people of the place have their breakfast.", "mojibake"),
        ("Itâ€™s a plan.", "mojibake"),
        ("Sure.<|im_end|>", "chat residue"),
        ("As an AI language model I cannot.", "chat residue"),
        ("Write to jane.doe@bank.test today.", "personal data"),
        ("His number is 523-45-6789.", "personal data"),
        ("Pay with 4111 1111 1111 1111 now.", "personal data"),
        ("Call (212) 555-0187 now.", "personal data"),
        ("To GB82 WEST 1234 5698 7654 32 please.", "personal data"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(output: str, name: str) -> None:
    assert name in names(output)
    assert name in LEVELS


@pytest.mark.parametrize(
    "output",
    [
        GOOD,
        "42",
        "Roth IRA",
        "Ein Café für größere Leute.",
        "See form 1040, line 12a, of 2026-04-15: 1,234,567.89 dollars.",
        "- first\n- second\n- third and last of all the points that one would like to make here",
        "Write to help@example.com.",
        "4111 1111 1111 1112 is no card, nor is 0000 0000 0000 0000.",
    ],
)
def test_what_is_right_is_left_alone(output: str) -> None:
    assert names(output) == set()


def test_an_answer_that_is_the_question_is_named() -> None:
    question = "What are the key points about the files you now have?"
    assert "repeats the question" in names(question.upper(), question)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (TALES[0], "en"),
        ("Der Hund und die Katze sind nicht im Haus, sie sind auf dem Feld.", "de"),
        ("Le chat est dans la maison et il ne sort pas avec les autres.", "fr"),
        ("Это предложение на русском языке.", "ru"),
        ("これは日本語の文章です。", "ja"),
        ("这是一个中文句子。", "zh"),
        ("x = {1: 2, 3: [4, 5]}; y += 7 ** 9 - (8 / 2) != 0", "code"),
    ],
)
def test_languages(text: str, code: str) -> None:
    assert language(text) == code


def jaccard(a: str, b: str) -> float:
    one, two = set(shingles(a)), set(shingles(b))
    return len(one & two) / len(one | two)


def test_near_doubles_are_those_that_are_alike() -> None:
    near = Near(0.8)
    for tale in TALES[:80]:
        near.add(sign(tale))
    sure = hit = wrong = 0
    for tale in TALES[:25]:
        for every in (3, 10, 40):
            words = tale.split()
            changed = " ".join("zebra" if i % every == 1 else w for i, w in enumerate(words))
            alike = max(jaccard(changed, other) for other in TALES[:80])
            found = near.find(sign(changed)) is not None
            sure += alike >= 0.85
            hit += found and alike >= 0.85
            wrong += found and alike < 0.6
    assert hit >= 0.95 * sure > 10 and wrong == 0 and len(near._signatures) <= 80


def test_case_and_space_make_no_other_row() -> None:
    assert exact(row("The  Answer\n")) == exact(row("the answer"))
    assert exact(row("the answer")) != exact(row("the answers"))
    assert "limit" in text_of(row("x"))


def write(path: Path, rows: list[dict[str, object]]) -> str:
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return str(path)


def test_a_file_is_validated(engine: Engine, tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [dict(grain.row("tax", "easy", n)) for n in range(20)]
    rows += [rows[3], {"instruction": "Q", "output": ""}, {"instruction": "Q", "output": "cafÃ©"}]
    path = write(tmp_path / "r.jsonl", rows)
    with Path(path).open("a") as file:
        file.write("{broken\n")
    held = write(tmp_path / "eval.jsonl", [rows[5]])
    answer = engine("data", "validate", path, "--eval", held, "--expect", "r.jsonl=22", "--json")
    (found,) = answer.valid("data-validate")
    assert answer.status == 1 and not found["ok"] and found["rows"] == 22
    wheres = {
        one["problem"]: [e["where"].rpartition(":")[2] for e in one["examples"]]
        for one in found["problems"]
    }
    assert wheres == {
        "broken": ["24"], "useless": ["22"], "leaked": ["6"], "duplicate": ["21"], "mojibake": ["23"],
    }  # fmt: skip
    assert found["files"][0]["expected"] == found["files"][0]["rows"] == 22
    stopped = engine("data", "validate", path, "--broken", "stop", "--json")
    assert stopped.status == 2 and ":24: not JSON" in stopped.values()[-1]["error"]
    prose = engine("data", "validate", path)
    assert "mojibake" in prose.out and "not ok" in prose.out


def test_good_rows_are_ok_and_a_wrong_count_is_not(engine: Engine, tmp_path: Path) -> None:
    path = write(tmp_path / "r.jsonl", [dict(grain.row("tax", "easy", n)) for n in range(9)])
    assert engine("data", "validate", path).status == 0
    assert engine("data", "validate", path, "--expect", "total=10").status == 1
    folder = grain.tree(tmp_path / "b", grain.even(2, 3))
    (found,) = engine("data", "validate", str(folder), "--json").valid("data-validate")
    assert found["rows"] == 24 and len(found["files"]) == 8


def test_ids_that_are_there_twice_are_named(engine: Engine, tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{**grain.row("tax", "easy", n), "id": n % 3} for n in range(4)]
    path = write(tmp_path / "r.jsonl", rows)
    answer = engine("data", "validate", path, "--json")
    (problem,) = answer.valid("data-validate")[0]["problems"]
    assert (problem["problem"], problem["rows"], answer.status) == ("duplicate id", 1, 0)
    assert problem["examples"][0] == {"where": f"{path}:4", "reason": f"id 0 is that of {path}:1"}


def test_near_leaks_are_found_when_asked_for(engine: Engine, tmp_path: Path) -> None:
    path = write(tmp_path / "r.jsonl", [{"text": TALES[0]}, {"text": TALES[1]}])
    held = write(tmp_path / "e.jsonl", [{"text": TALES[0].replace("the", "a", 1)}])
    assert engine("data", "validate", path, "--eval", held).status == 0
    answer = engine("data", "validate", path, "--eval", held, "--near", "--json")
    (leak,) = answer.valid("data-validate")[0]["problems"]
    assert (leak["problem"], leak["rows"]) == ("nearly leaked", 1)


def test_merging_keeps_the_first_of_doubles(engine: Engine, tmp_path: Path) -> None:
    one = write(tmp_path / "a.jsonl", [{"text": TALES[0]}, {"text": TALES[1]}])
    two = write(tmp_path / "b.jsonl", [{"text": TALES[1]}, {"text": TALES[0] + " The end."}])
    out = str(tmp_path / "m.jsonl")
    (plain,) = engine("data", "merge", one, two, "--out", out, "--json").valid("data-merge")
    assert (plain["rows"], plain["doubles"], plain["near"]) == (3, 1, 0)
    (near,) = engine("data", "dedupe", one, two, "--near", "--out", out, "--json").valid(
        "data-merge"
    )
    assert (near["rows"], near["doubles"], near["near"]) == (2, 1, 1)
    told = json.loads(Path(out + ".provenance.json").read_text())
    assert told["output"]["sha256"] == near["sha256"] and set(told["inputs"]) == {one, two}
    refused = engine("data", "merge", one, two, "--out", one)
    assert refused.status == 2 and "one of the inputs" in refused.err
    assert Path(one).read_text().count("\n") == 2


def test_a_broken_row_ends_a_merge_and_leaves_the_old_file(engine: Engine, tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [{"text": "x"}])
    with Path(path).open("a") as file:
        file.write("{broken\n")
    out = tmp_path / "m.jsonl"
    out.write_text("before")
    assert engine("data", "merge", path, "--out", str(out)).status == 2
    assert out.read_text() == "before"
    assert engine("data", "merge", path, "--out", str(out), "--broken", "skip").status == 0


def test_rows_are_looked_at(engine: Engine, tmp_path: Path) -> None:
    path = write(tmp_path / "r.jsonl", [dict(grain.row("tax", "easy", n)) for n in range(9)])
    shown = engine("data", "look", path, "-n", "2", "--json").valid("data-look")
    assert [one["where"] for one in shown] == [f"{path}:1", f"{path}:2"]
    learned = "".join(p["text"] for p in shown[0]["pieces"] if p["trained"])
    assert learned == "Rule 0 of tax is a easy one.<|endoftext|>"
    prose = engine("data", "look", path, "-n", "1").out
    assert "┃ Rule 0 of tax" in prose and "│ ### Instruction:" in prose
    picked = [
        [one["where"] for one in engine("data", "look", path, "--random", s, "--json").values()]
        for s in ("1", "1", "2")
    ]
    assert picked[0] == picked[1] != picked[2]


def test_decisions_are_told(engine: Engine, tmp_path: Path) -> None:
    path = write(tmp_path / "r.jsonl", [{"instruction": "What is KYC?", "output": "A rule."}])
    (found,) = engine("data", "classify", path, "--json").valid("data-classify")
    assert (found["domain"], found["tier"]) == ("aml_kyc", "easy")
    assert "[domains]" in engine("data", "classify", path, "--print-rules").out


def test_a_tokenizer_is_trained(engine: Engine, tmp_path: Path) -> None:
    text = tmp_path / "t.txt"
    text.write_text("\n\n\n".join(TALES[:20]))
    out = tmp_path / "tokenizer.json"
    words = ["data", "tokenizer", str(text), "--out", str(out), "--vocab", "300", "--json"]
    (made,) = engine(*words).valid("data-tokenizer")
    assert made["vocab"] == 300
    (shown,) = engine(
        "data", "look", str(text), "-n", "1", "--tokenizer", str(out), "--json"
    ).valid("data-look")
    assert shown["tokens"] > 10
    validated = engine(
        "data", "validate", str(text), "--tokenizer", str(out), "--max-length", "50", "--json"
    )
    (found,) = validated.valid("data-validate")
    assert found["lengths"]["unit"] == "tokens" and found["lengths"]["over"] == 20
    assert engine("data", "tokenizer", str(text), "--out", str(out), "--vocab", "9").status == 2


def test_the_list_of_words(engine: Engine) -> None:
    said = engine("data", "--help").out
    for word in ("buckets", "curriculum", "pretokenize", "look", "dedupe"):
        assert word in said
    answer = engine("data", "bukets")
    assert answer.status == 2
