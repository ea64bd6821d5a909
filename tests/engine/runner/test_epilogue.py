"""The console's last lines, as they are copied into the exit record."""

from __future__ import annotations

from pathlib import Path

from engine.runner.epilogue import BYTES, LINES, WIDTH, tail

SECRET = "tr0ub4dor-and-three"


def lines(home: Path, data: bytes, secrets: tuple[str, ...] | None = ()) -> tuple[str, ...]:
    path = home / "console.log"
    path.write_bytes(data)
    return tail(str(path), secrets)


def test_the_last_lines_are_kept_short(tmp_path: Path) -> None:
    found = lines(tmp_path, b"".join(b"line %d\n" % n for n in range(100)))
    assert found == tuple(f"line {n}" for n in range(100 - LINES, 100))
    assert lines(tmp_path, b"y" * 5000 + b"\n") == ("y" * WIDTH,)


def test_a_redrawn_line_is_its_last_state(tmp_path: Path) -> None:
    assert lines(tmp_path, b" 10%|#\r 90%|#########\r100%|##########\r\ndone\r\n") == (
        "100%|##########",
        "done",
    )


def test_nothing_is_empty_text_of_no_file(tmp_path: Path) -> None:
    assert tail(str(tmp_path / "none"), ()) == ()
    assert lines(tmp_path, b"") == lines(tmp_path, b"\n \n\0\0\0\n") == ()


def test_bytes_that_are_no_text_are_kept_readable(tmp_path: Path) -> None:
    assert lines(tmp_path, b"caf\xe9 \xff\n") == ("caf\\xe9 \\xff",)


def test_a_secret_is_gone_wherever_the_window_cuts(tmp_path: Path) -> None:
    for shift in range(0, len(SECRET) + 2):
        filler = b"z" * (BYTES - shift - 6)
        data = b"key=" + SECRET.encode() + filler + b"\nlast\n"
        for line in lines(tmp_path, data, (SECRET,)):
            assert SECRET[2:] not in line


def test_without_the_values_nothing_is_copied(tmp_path: Path) -> None:
    assert lines(tmp_path, b"anything\n", None) == ()
