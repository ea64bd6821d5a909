"""Pages, suites, tables, pictures: whole or not there, harmless, and with one sentence where a library is missing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
import xml.etree.ElementTree as xml
from html.parser import HTMLParser
from pathlib import Path

import pytest

from engine.events import keeper as k
from engine.export.page import embedded
from tests.support import journals
from tests.support import stories as s
from tests.support.cli import Engine
from tests.support.shelf import PROFILE, falling, shelved, with_

EVIL = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)> --> \u2028 ]]> \x1b]52;c;x\x07"
)


class Page(HTMLParser):
    """Tags with what they carry, and the text of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, list[str]] = {}
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag

    def handle_data(self, data: str) -> None:
        if self._open in ("script", "style"):
            self.inside.setdefault(self._open, []).append(data)

    def handle_endtag(self, tag: str) -> None:
        self._open = ""


@pytest.fixture
def hostile(logs: Path) -> str:
    noted = ("keeper", k.Noted(s.T0 + 600, "n", EVIL, EVIL))
    profile = with_(PROFILE, model={"base": EVIL, EVIL: EVIL})
    course = falling()
    run = shelved(logs, 1, lambda step: {**course(step), EVIL[:60]: 1.0}, profile, [noted])
    journals.append(run.attempt(1).console, f"{EVIL}\n".encode())
    return run.id


def test_a_page_loads_nothing_and_runs_only_what_is_ours(
    engine: Engine, hostile: str, tmp_path: Path
) -> None:
    path = tmp_path / "run.html"
    engine("export", hostile, "--to", "html", "--out", str(path), "--json").valid("export")
    text = path.read_text()
    page = Page(text)
    assert [
        tag
        for tag, _ in page.tags
        if tag in ("img", "link", "iframe", "a", "object", "base", "form")
    ] == []
    assert all(not {"src", "href"} & set(attrs) for _, attrs in page.tags)
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    policy = next(attrs["content"] for _, attrs in page.tags if attrs.get("http-equiv"))
    assert policy and policy.startswith("default-src 'none'")
    data, script = page.inside["script"]
    [style] = page.inside["style"]
    for kind, content in (("script", script), ("style", style)):
        mark = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{mark}'" in policy
    assert not re.search(r"fetch\(|XMLHttp|innerHTML|eval\(|https?:|import\(|new Function", script)
    told = json.loads(data)
    assert "alert(1)" in str(told["profile"]) and "<" not in data and "\x1b" not in text
    assert len(told["curves"]["loss"]["step"]) == 500


def test_the_check_sees_markup_that_was_let_through() -> None:
    raw = json.dumps(EVIL)
    assert len(Page(f"<script>{raw}</script>").tags) > 1
    assert len(Page(f"<script>{embedded(EVIL)}</script>").tags) == 1


def test_a_spike_of_one_step_is_on_the_page(engine: Engine, logs: Path, tmp_path: Path) -> None:
    course = falling()
    told = [
        ("1/trainer", journals_row(step, 99.0 if step == 7777 else course(step)["loss"]))
        for step in range(9000)
    ]
    run = journals.write(logs, s.live(), told, s.exited(), run_id="long-20260921-000007-abc7")
    text = engine("export", run.id, "--to", "html").out
    data = json.loads(Page(text).inside["script"][0])["curves"]["loss"]
    assert len(data["high"]) == 1200 and max(v for v in data["high"] if v is not None) == 99.0


def journals_row(step: int, loss: float):  # type: ignore[no-untyped-def]
    from engine.events import Row

    return Row(s.T0 + 2 + step, step, {"loss": loss})


def test_ci_sees_the_end_the_gates_and_the_artifacts(engine: Engine, logs: Path) -> None:
    profile = with_(PROFILE, gates={"loss": "< 0.5", "eval_loss": "< 9"})
    checked = ("keeper", k.ArtifactsChecked(s.T0 + 600, 1, ("model.bin",), ("card<&\x00>.md",)))
    run = shelved(logs, 1, falling(), profile, [checked])
    suite = xml.fromstring(engine("export", run.id, "--to", "junit").out)
    found = {case.get("name"): case.find("failure") is None for case in suite}
    assert found == {"ended well": False, "loss < 0.5": False, "eval_loss < 9": True, "model.bin": True,
                     "card<&\u2400>.md": False}  # fmt: skip
    assert (suite.get("tests"), suite.get("failures")) == ("5", "3")


@pytest.mark.parametrize(
    ("form", "library"), [("parquet", "pyarrow"), ("png", "matplotlib"), ("svg", "matplotlib")]
)
def test_a_library_that_is_missing_is_one_sentence(
    engine: Engine,
    logs: Path,
    tmp_path: Path,
    form: str,
    library: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = shelved(logs, 1, falling())
    monkeypatch.setitem(sys.modules, library, None)
    found = engine("export", run.id, "--to", form, "--out", str(tmp_path / "x"))
    assert found.status == 2 and f"pip install {library}" in found.err
    assert list(tmp_path.glob("*x*")) == []


def test_parquet_is_the_table(engine: Engine, logs: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    from pyarrow import parquet

    run = shelved(logs, 1, falling())
    [value] = engine(
        "export", run.id, "--to", "parquet", "--out", str(tmp_path / "x.parquet"), "--json"
    ).valid("export")
    table = parquet.read_table(value["path"])
    assert table.num_rows == 500 and table.column("eval_loss").null_count == 475
    assert table.column("step").to_pylist() == list(range(500))


@pytest.mark.parametrize("form", ["png", "svg"])
def test_a_figure_is_one(engine: Engine, logs: Path, tmp_path: Path, form: str) -> None:
    pytest.importorskip("matplotlib")
    run = shelved(logs, 1, falling())
    path = tmp_path / f"x.{form}"
    assert engine("export", run.id, "--to", form, "--out", str(path), "--by", "time").status == 0
    assert path.read_bytes().startswith(b"\x89PNG" if form == "png" else b"<?xml")


def test_a_file_that_is_in_the_way_stays_when_it_fails(
    engine: Engine, logs: Path, tmp_path: Path
) -> None:
    run = shelved(logs, 1, falling())
    path = tmp_path / "there"
    path.write_text("mine")
    assert engine("export", run.id, "--to", "png", "--out", str(path / "below")).status == 2
    assert path.read_text() == "mine"
    assert engine("export", run.id, "--to", "wandb").status == 2
    assert engine("export", run.id, "--to", "csv", "--json").status == 2
