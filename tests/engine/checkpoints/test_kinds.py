"""Each kind of checkpoint: recognised, read without unpickling, and found out when it is torn."""

from __future__ import annotations

import os
import pickle
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.shelf import Contents, look, manifest, pickles, recognise
from engine.shelf.pickles import Unreadable, outline
from tests.support import foreign

Made = Callable[[Path], Path]
KINDS: dict[str, tuple[Made, str, int | None, set[str]]] = {
    "trainer": (
        lambda p: foreign.transformers(p / "checkpoint-40", 40),
        "transformers",
        40,
        {"weights", "optimizer", "scheduler", "rng", "data"},
    ),
    "adapter": (lambda p: foreign.peft(p / "adapter-12"), "peft", 12, {"adapter"}),
    "axolotl": (
        lambda p: foreign.axolotl(p / "out", 30),
        "axolotl",
        30,
        {"weights", "optimizer", "scheduler", "rng", "data"},
    ),
    "nanogpt": (
        lambda p: foreign.nanogpt(p / "ckpt.pt", 60),
        "nanogpt",
        60,
        {"weights", "optimizer"},
    ),
    "lightning": (
        lambda p: foreign.lightning(p / "epoch=1-step=44.ckpt", 44),
        "lightning",
        44,
        {"weights", "optimizer", "scheduler", "data"},
    ),
    "weights alone": (
        lambda p: foreign.safetensors(p / "model-7.safetensors", w=900),
        "file",
        7,
        {"weights"},
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_is_known_by_its_files(name: str, tmp_path: Path) -> None:
    make, kind, step, holds = KINDS[name]
    found = look(make(tmp_path), every_byte=True)
    assert (found.kind, found.step, set(found.holds), found.flaw) == (kind, step, holds, None)


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_that_is_cut_anywhere_is_found_out(name: str, tmp_path: Path) -> None:
    make = KINDS[name][0]
    path = make(tmp_path)
    files = [f for f in manifest.files(path) if f.suffix not in (".yaml",)]
    for file in files:
        whole = file.read_bytes()
        for cut in {0, len(whole) // 3, len(whole) - 1}:
            file.write_bytes(whole[:cut])
            assert look(path).flaw is not None, (file.name, cut)
        file.write_bytes(whole)
    assert look(path).flaw is None


@pytest.mark.parametrize("name", ["trainer", "nanogpt", "lightning", "axolotl"])
def test_a_flipped_bit_in_a_zip_is_found_by_reading_it(name: str, tmp_path: Path) -> None:
    path = KINDS[name][0](tmp_path)
    zips = [f for f in manifest.files(path) if f.suffix in (".pt", ".pth", ".ckpt")]
    for file in zips:
        whole = bytearray(file.read_bytes())
        whole[len(whole) // 2] ^= 4
        file.write_bytes(whole)
    assert look(path, every_byte=True).flaw is not None


def test_a_trainers_folder_without_its_last_file_was_cut_short(tmp_path: Path) -> None:
    path = foreign.transformers(tmp_path / "checkpoint-5", 5, trainer_state=True)
    found = look(path)
    assert found.kind == "transformers" and "trainer_state.json is missing" in (found.flaw or "")


@pytest.mark.parametrize("axolotl", [False, True])
def test_a_trainers_save_is_never_whole_before_its_last_file(axolotl: bool, tmp_path: Path) -> None:
    """Cut short at each file, in the order in which it writes them, for full weights and for an adapter."""
    for config, weights in (("config.json", "model"), ("adapter_config.json", "adapter_model")):
        path = tmp_path / weights / "checkpoint-5"
        path.mkdir(parents=True)
        if axolotl:
            (path.parent / "axolotl_config.yaml").touch()
        texts = (config, "generation_config.json", f"{weights}.safetensors", "training_args.bin")
        for file in (*texts, "optimizer.pt", "scheduler.pt", "rng_state.pth"):
            if file.endswith(".json"):
                (path / file).write_text("{}")
            elif file.endswith(".safetensors"):
                foreign.safetensors(path / file, w=2048)
            else:
                foreign.torch_file(path / file, state={0: 1})
            assert "trainer_state.json is missing" in (look(path).flaw or ""), file
        (path / "trainer_state.json").write_text('{"global_step": 5}')
        assert look(path).flaw is None and look(path).step == 5


def test_what_is_missing_inside_is_not_said_to_be_held(tmp_path: Path) -> None:
    path = foreign.transformers(tmp_path / "checkpoint-5", 5, optimizer=True, rng_state=True)
    assert set(look(path).holds) == {"weights", "scheduler"}


def test_a_shard_that_an_index_names_must_be_there(tmp_path: Path) -> None:
    path = foreign.transformers(tmp_path / "checkpoint-5", 5)
    index = '{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}'
    (path / "model.safetensors.index.json").write_text(index)
    assert "model-1.safetensors is missing" in (look(path).flaw or "")


def test_the_metrics_and_the_horizon_are_the_trainers_own(tmp_path: Path) -> None:
    found = look(foreign.transformers(tmp_path / "checkpoint-40", 40, total=80))
    assert (found.metrics, found.total) == ({"loss": 2.5}, 80)


class Bomb:
    """Unpickled, it would leave a file behind."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self._path,)


def test_nothing_is_ever_run(tmp_path: Path) -> None:
    """The control unpickles and the bomb goes off."""
    trap = tmp_path / "went-off"
    path = foreign.torch_file(tmp_path / "ckpt-9.pt", model=foreign.STATE, x=Bomb(str(trap)))
    found = look(path, every_byte=True)
    assert (found.kind, found.holds) == ("nanogpt", ("weights",))
    assert not trap.exists()
    pickle.loads(pickle.dumps(Bomb(str(trap))))
    assert trap.exists()


def test_an_outline_says_what_there_would_be() -> None:
    value = {"a": [1, 2.5, (None, True)], "b": {"c": "x"}, 3: "y"}
    assert outline(pickle.dumps(value, protocol=2)) == value
    assert outline(pickle.dumps(value, protocol=5)) == value
    assert outline(pickle.dumps({1: b"y"}, protocol=5)) == {1: b"y"}
    thing = outline(pickle.dumps(Contents("x", 3)))
    assert isinstance(thing, pickles.Thing) and thing.name.endswith(("Contents", "_reconstructor"))


@pytest.mark.parametrize("count", [500 if os.getenv("SOAK") else 60])
def test_no_bytes_make_it_fail_in_another_way(count: int) -> None:
    dice = random.Random(5)
    whole = pickle.dumps({"a": [1, {"b": Contents("x", 3)}]}, protocol=4)
    for _ in range(count):
        spoilt = bytearray(whole)
        for _ in range(dice.randint(1, 6)):
            spoilt[dice.randrange(len(spoilt))] = dice.randrange(256)
        try:
            outline(bytes(spoilt))
        except Unreadable:
            continue


def test_a_real_torch_file_is_read_the_same_way(tmp_path: Path) -> None:
    """The formats above are what torch writes: here by torch, in a process of its own, as is its distributed form."""
    code = f"""
import os, torch
import torch.distributed.checkpoint as dcp
m = torch.nn.Linear(4, 4); o = torch.optim.AdamW(m.parameters()); m(torch.ones(1, 4)).sum().backward(); o.step()
torch.save(dict(model=m.state_dict(), optimizer=o.state_dict(), iter_num=60), {str(tmp_path / "a-60.pt")!r})
dcp.save(dict(model=m.state_dict(), optim=o.state_dict()), checkpoint_id={str(tmp_path / "dcp-12")!r})
"""
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, env=env)
    one, spread = look(tmp_path / "a-60.pt", every_byte=True), look(tmp_path / "dcp-12")
    assert (one.kind, one.step, one.holds, one.flaw) == (
        "nanogpt",
        60,
        ("weights", "optimizer"),
        None,
    )
    assert (spread.kind, spread.step, spread.flaw) == ("dcp", 12, None)
    assert set(spread.holds) == {"weights", "optimizer"}
    (piece,) = (tmp_path / "dcp-12").glob("*.distcp")
    piece.write_bytes(piece.read_bytes()[:-1000])
    assert "cut off" in (look(tmp_path / "dcp-12").flaw or "")
    (tmp_path / "dcp-12" / ".metadata").unlink()
    assert recognise(tmp_path / "dcp-12") == "dcp"
    assert ".metadata is missing" in (look(tmp_path / "dcp-12").flaw or "")
