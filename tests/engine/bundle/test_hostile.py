"""Files that mean harm: bounded in time and memory, nothing written outside, nothing run, never a traceback."""

from __future__ import annotations

import json
import resource
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.bundle import form
from engine.bundle.opening import opened
from engine.bundle.packing import pack
from engine.display import display
from engine.errors import Problem
from tests.support import journals
from tests.support import stories as s
from tests.support.cli import Engine
from tests.support.shelf import falling, lines, shelved

KEEPER = lines(s.accepted()[1])
RUN = "tale-20260921-000000-abcd"


def bundle(path: Path, parts: dict[str, bytes], manifest: object = None) -> Path:
    told = {"schema": 1, "run": RUN, "parts": {}} if manifest is None else manifest
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {"keeper.jsonl": KEEPER, **parts}.items():
            archive.writestr(name, data)
        archive.writestr(
            form.MANIFEST, told if isinstance(told, (str, bytes)) else json.dumps(told)
        )
    return path


EVIL_NAMES = (
    "../../evil", "/etc/cron.d/evil", "attempts/1/../../../evil", "attempts/1/console.log/x", "..\\evil",
    "attempts/0/console.log", "attempts/99999/console.log", "C:\\evil", "attempts/1/weights.bin", "keeper.jsonl\n",
)  # fmt: skip


def test_names_from_a_bundle_never_become_paths(engine: Engine, tmp_path: Path) -> None:
    path = bundle(tmp_path / "x.cockpit", dict.fromkeys(EVIL_NAMES, b"evil"))
    before = sorted(p for p in tmp_path.rglob("*"))
    found = engine("status", str(path), "--json")
    found.valid("status")
    assert sorted(p for p in tmp_path.rglob("*")) == before
    assert "are unknown here and were not read" in found.err and "\n\n" not in found.err


def test_a_link_is_read_as_the_text_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x.cockpit"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("keeper.jsonl", KEEPER)
        link = zipfile.ZipInfo("attempts/1/console.log")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    from engine import vault

    run = opened(path).run
    assert vault.small(run.attempt(1).console, 1000) == b"/etc/passwd"


def bomb(path: Path) -> Path:
    """A thousand megabytes of zeros in one."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("keeper.jsonl", KEEPER)
        with archive.open("attempts/1/console.log", "w", force_zip64=True) as file:
            for _ in range(1100):
                file.write(b"\0" * (1 << 20))
    return path


def lying(path: Path) -> Path:
    """A part that says it is small and is not."""
    bundle(path, {"attempts/1/console.log": b"\n" * (64 << 20)})
    data = bytearray(path.read_bytes())
    at = 0
    while (at := data.find(struct.pack("<I", 64 << 20), at)) >= 0:
        data[at : at + 4] = struct.pack("<I", 100)
        at += 4
    path.write_bytes(bytes(data))
    return path


def overlapping(path: Path) -> Path:
    """One body under hundreds of names, as bombs that need no nesting have it."""
    bundle(path, {"attempts/1/console.log": b"\n" * (8 << 20)})
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("attempts/1/console.log")
        start = archive.start_dir
    data = path.read_bytes()
    entry_at = data.find(b"PK\x01\x02", start)
    entries = []
    while data[entry_at : entry_at + 4] == b"PK\x01\x02":
        n, m, k = struct.unpack_from("<3H", data, entry_at + 28)
        entries.append(data[entry_at : entry_at + 46 + n + m + k])
        entry_at += 46 + n + m + k
    big = next(e for e in entries if b"console.log" in e)
    more = []
    for number in range(2, 400):
        name = f"attempts/{number}/console.log".encode()
        head = bytearray(big[:46])
        struct.pack_into("<H", head, 28, len(name))
        struct.pack_into("<2H", head, 30, 0, 0)
        more.append(bytes(head) + name)
    listing = b"".join(entries + more)
    end = struct.pack(
        "<4s4H2IH",
        b"PK\x05\x06",
        0,
        0,
        len(entries) + 398,
        len(entries) + 398,
        len(listing),
        start,
        0,
    )
    path.write_bytes(data[:start] + listing + end)
    assert info.file_size == 8 << 20
    return path


def listing_of_millions(path: Path) -> Path:
    bundle(path, {})
    data = path.read_bytes()
    path.write_bytes(
        data[:-22] + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 65535, 65535, 0xFFFFFFFE, 0, 0)
    )
    return path


def twice(path: Path) -> Path:
    with pytest.warns(UserWarning), zipfile.ZipFile(path, "w") as archive:
        for _ in range(2):
            archive.writestr("keeper.jsonl", KEEPER)
    return path


def cut(path: Path) -> Path:
    bundle(path, {})
    path.write_bytes(path.read_bytes()[:-40])
    return path


@pytest.mark.parametrize("make", [bomb, lying, overlapping, listing_of_millions, twice, cut])
def test_a_file_that_means_harm_is_met_within_bounds(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    path = make(tmp_path / "x.cockpit")
    program = f"import sys; from engine.cli import main; sys.exit(main(['status', {str(path)!r}]))"

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, preexec_fn=bounded, timeout=60,
        cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert done.returncode == (0 if make is lying else 2), done.stderr
    assert "Traceback" not in done.stderr and done.stderr.startswith("engine: ")
    assert make is not lying or "console.log is damaged behind byte 0" in done.stderr


def test_the_largest_that_is_allowed_is_opened(tmp_path: Path) -> None:
    """So the bound is where it says it is."""
    path = bundle(tmp_path / "x.cockpit", {"attempts/1/console.log": b"\n" * (16 << 20)})
    assert opened(path).run.attempts()


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "[]",
        "{",
        "[" * 100_000,
        {"run": "../../x"},
        {"run": "x\x1b[31m"},
        {"run": 5},
        {"parts": []},
        {"removed": {"a": 5, "b": {"c": "d"}}},
    ],
)
def test_a_list_that_is_none_keeps_nothing_from_being_seen(
    tmp_path: Path, manifest: object
) -> None:
    found = opened(bundle(tmp_path / "x.cockpit", {}, manifest))
    assert form.PART.fullmatch("keeper.jsonl") and found.run.folder.parent == tmp_path / "x.cockpit"
    assert found.removed == {} and "/" not in found.run.id and "\x1b" not in found.run.id


def test_what_is_newer_changed_or_damaged_is_said(
    engine: Engine, logs: Path, tmp_path: Path
) -> None:
    run = shelved(logs, 1, falling())
    path = tmp_path / "x.cockpit"
    pack(run, path)
    assert opened(path).doubts == []
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(parts.pop(form.MANIFEST))
    changed = {
        **parts,
        "attempts/1/trainer.jsonl": parts["attempts/1/trainer.jsonl"].replace(b"loss", b"lose", 1),
    }
    doubts = opened(bundle(tmp_path / "y.cockpit", changed, manifest)).doubts
    assert doubts == ["attempts/1/trainer.jsonl is not what its list says: it is not verified"]
    newer = {**manifest, "schema": 2, "version": "9\x1b[31m"}
    found = engine("status", str(bundle(tmp_path / "z.cockpit", parts, newer)))
    assert found.status == 0 and "made by a newer program" in found.err and "\x1b" not in found.err


def test_a_part_that_is_damaged_is_read_as_far_as_it_is_whole(logs: Path, tmp_path: Path) -> None:
    run = shelved(logs, 1, falling())
    path = tmp_path / "x.cockpit"
    pack(run, path)
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("attempts/1/trainer.jsonl")
    data = bytearray(path.read_bytes())
    at = info.header_offset + 60 + info.compress_size * 3 // 4
    data[at : at + 8] = b"\xff" * 8
    path.write_bytes(bytes(data))
    found = opened(path)
    assert any(
        "trainer.jsonl is damaged behind byte" in doubt or "not verified" in doubt
        for doubt in found.doubts
    )
    assert found.run.attempts()


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"PK\x03\x04" + bytes(range(256)) * 2, b"PK\x05\x06" + b"\0" * 18]
)
def test_what_is_no_bundle_is_a_sentence(engine: Engine, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.cockpit"
    path.write_bytes(data)
    with pytest.raises(Problem):
        opened(path)
    assert engine("status", str(path)).status in (2, 4)


def test_any_flipped_byte_ends_in_a_sentence_or_in_a_run(logs: Path, tmp_path: Path) -> None:
    run = journals.write(logs, s.live(), s.exited(), s.closed())
    path = tmp_path / "x.cockpit"
    pack(run, path)
    whole, bad = path.read_bytes(), tmp_path / "y.cockpit"
    for at in range(0, len(whole), max(len(whole) // 200, 1)):
        bad.write_bytes(whole[:at] + bytes((whole[at] ^ 0x55,)) + whole[at + 1 :])
        try:
            assert all(display(doubt) == doubt for doubt in opened(bad).doubts)
        except Problem as problem:
            assert str(problem)
