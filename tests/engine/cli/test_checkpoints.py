"""`engine checkpoints`: what it lists, keeps, deletes and brings away."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from engine.checkpoints import sinks
from engine.reader import RunReader
from engine.runs import Run
from tests.support import foreign, journals, shelves
from tests.support import stories as s
from tests.support.cli import Engine
from tests.support.holding import keeping

WANTED = shelves.of("out/checkpoint-*")


@pytest.fixture
def run(logs: Path, tmp_path: Path) -> Run:
    """A run that has ended, with three checkpoints and a torn one."""
    project = tmp_path / "project"
    for step in (20, 40, 60):
        foreign.nanogpt(project / "out" / f"checkpoint-{step}.pt", step)
    torn = foreign.nanogpt(project / "out" / "checkpoint-80.pt", 80)
    torn.write_bytes(torn.read_bytes()[:900])
    made = shelves.run(logs, project, WANTED, s.rows([1.0] * 5), s.exited(0))
    shelves.committed(made, WANTED)
    journals.write(logs, s.closed())
    return made


def taken_up(run: Run) -> None:
    """The keeper that a request started has written what was asked, and is gone."""
    end = time.monotonic() + 60
    while list(run.requests.glob("*.json")) or RunReader(run).frame().sight.keeper_alive:
        assert time.monotonic() < end, "the request was not taken up"
        time.sleep(0.05)


def test_the_list_says_what_each_is_and_what_is_never_offered(engine: Engine, run: Run) -> None:
    answer = engine("checkpoints", "@")
    assert "weights optimizer" in answer.out and "free" in answer.err
    assert "checkpoint-80.pt is never offered" in answer.err
    tables = engine("checkpoints", "@", "--json").valid("checkpoints")
    assert [(t["step"], t["verified"]) for t in tables] == [
        (20, True),
        (40, True),
        (60, True),
        (80, False),
    ]
    assert tables[0]["kind"] == "nanogpt" and "cut off" in tables[3]["flaw"]


def test_verify_reads_every_byte(engine: Engine, run: Run, tmp_path: Path) -> None:
    assert engine("checkpoints", "@", "verify", "60", "--json").status == 0
    path = tmp_path / "project" / "out" / "checkpoint-60.pt"
    whole = bytearray(path.read_bytes())
    whole[300] ^= 1
    path.write_bytes(whole)
    (listed,) = [t for t in engine("checkpoints", "@", "--json").values() if t["step"] == 60]
    assert listed["verified"] is True
    answer = engine("checkpoints", "@", "verify", "60", "--json")
    assert answer.status == 1 and "SHA-256" in answer.valid("checkpoints")[0]["flaw"]


def test_prune_says_first_and_never_takes_the_last(
    engine: Engine, run: Run, tmp_path: Path
) -> None:
    out = tmp_path / "project" / "out"
    assert engine("checkpoints", "@", "prune").status == 2
    dry = engine("checkpoints", "@", "prune", "--newest", "1", "--dry-run", "--json")
    plan = {Path(t["path"]).name: t["kept"] for t in dry.valid("checkpoints-prune")}
    assert plan == {
        "checkpoint-20.pt": None,
        "checkpoint-40.pt": None,
        "checkpoint-60.pt": "newest",
        "checkpoint-80.pt": "broken, left alone",
    }
    assert len(list(out.iterdir())) == 4
    with keeping(run):
        assert engine("checkpoints", "@", "prune", "--newest", "1").status == 0
    assert sorted(p.name for p in out.iterdir()) == ["checkpoint-60.pt", "checkpoint-80.pt"]


def test_a_pin_is_a_fact_and_a_copy(engine: Engine, run: Run, tmp_path: Path) -> None:
    assert engine("checkpoints", "@", "pin", "20").status == 0
    taken_up(run)
    facts = RunReader(run).poll().keeper.saves
    assert [Path(path).name for path in facts.pins] == ["checkpoint-20.pt"]
    (copy,) = facts.protected
    (tmp_path / "project" / "out" / "checkpoint-20.pt").unlink()
    listed = {t["step"]: t for t in engine("checkpoints", "@", "--json").values()}
    assert listed[20]["path"] == copy.copy and listed[20]["verified"]
    assert (
        engine("checkpoints", "@", "prune", "--newest", "1", "--dry-run").out.count("pinned") == 1
    )


def test_push_verifies_and_never_overwrites(engine: Engine, run: Run, tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    sink = f"file://{tmp_path}/sink"
    with keeping(run):
        answer = engine("checkpoints", "@", "push", "60", "--to", sink, "--json")
        (table,) = answer.valid("checkpoints-made")
        assert engine("checkpoints", "@", "push", "60", "--to", sink).status == 0
    copy = tmp_path / "sink" / run.id / "checkpoint-60.pt" / "checkpoint-60.pt"
    assert copy.read_bytes() == (tmp_path / "project" / "out" / "checkpoint-60.pt").read_bytes()
    assert table["to"].startswith(sink) and sinks.verify(sink, run.id, "checkpoint-60.pt") is None
    copy.write_bytes(copy.read_bytes()[:-1] + b"x")
    assert "damaged" in (sinks.verify(sink, run.id, "checkpoint-60.pt") or "")
    (copy.parent / "MANIFEST.json").write_text(json.dumps({"files": {}}))
    taken = engine("checkpoints", "@", "push", "60", "--to", sink)
    assert taken.status == 2 and "another checkpoint of that name" in taken.err


def test_what_was_pushed_is_listed_in_its_place(engine: Engine, run: Run, tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    assert engine("checkpoints", "@", "push", "60", "--to", f"file://{tmp_path}/sink").status == 0
    taken_up(run)
    listed = {t["step"]: t["where"] for t in engine("checkpoints", "@", "--json").values()}
    assert "sink" in listed[60] and listed[40] == "this disk"


def test_publish_sends_what_others_need_and_a_card(
    engine: Engine, logs: Path, tmp_path: Path
) -> None:
    pytest.importorskip("fsspec")
    project = tmp_path / "project"
    foreign.transformers(project / "out" / "checkpoint-10", 10)
    made = shelves.run(logs, project, WANTED, s.rows([2.0, 1.5]), s.exited(0), s.closed())
    shelves.committed(made, WANTED)
    hub = tmp_path / "hub"
    answer = engine("checkpoints", "@", "publish", "10", "--to", f"file://{hub}", "--json")
    assert answer.status == 0 and answer.valid("checkpoints-made")
    assert sorted(p.name for p in hub.iterdir()) == ["README.md", "model.safetensors"]
    card = (hub / "README.md").read_text()
    assert card.startswith("---\n") and "| step | 10 |" in card and "| best loss" in card
    (hub / "model.safetensors").write_bytes(b"somebody else's")
    taken = engine("checkpoints", "@", "publish", "10", "--to", f"file://{hub}")
    assert taken.status == 2 and "holds something else" in taken.err


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("pin", "nothing"), 4, "has no checkpoint 'nothing'"),
        (("push", "60"), 2, "where to?"),
        (("push", "80", "--to", "file:///x"), 2, "is not pushed"),
        (("prune", "--newest", "0"), 2, "at least the newest"),
    ],
)
def test_mistakes_are_told(
    words: tuple[str, ...], status: int, said: str, engine: Engine, run: Run
) -> None:
    answer = engine("checkpoints", "@", *words)
    assert (
        answer.status == status and said in answer.err and "next:" in answer.err
    ) or said in answer.err
