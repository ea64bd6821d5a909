"""A file made to choke its reader is refused by counting, before a parser sees it, in little time and memory.

Each runs in a process of its own that the kernel ends after five seconds of CPU; the time itself is for the bench.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.profile.scan import BYTES
from tests.engine.profile.test_faults import CORE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
MEMORY_MB = 64
CHILD = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (5, 5))
resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))
from engine.profile import ProfileError, load
try:
    import tomllib
except ImportError:
    import tomli as tomllib
try:
    {reader}
    print("accepted")
except ProfileError as error:
    print("refused", str(error).splitlines()[0])
status = open("/proc/self/status").read()
print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


def many(line: Callable[[int], str], head: str = "") -> str:
    """As many different lines as a profile may hold behind CORE and `head`."""
    lines: list[str] = []
    left = BYTES - len(CORE) - len(head) - 10
    while len(text := line(len(lines))) < left:
        lines.append(text)
        left -= len(text)
    return head + "".join(lines)


LETTERS = "abcdefghijklmnop"
HOSTILE = {
    "10 MB of keys": "a = 1\n" * 1_700_000,
    "10 MB of dots": "a." * 5_000_000 + "a = 1",
    "10 MB of brackets": "a = " + "[" * 10_000_000,
    "20,000 dots in a key": "a." * 20_000 + "a = 1",
    "20,000 dots in a header": "[" + "a." * 20_000 + "a]",
    "20,000 dots in an inline table": "a = {" + "a." * 20_000 + "a = 1}",
    "dots with spaces, quotes and an escape": "a = 1\n" + '"\\u0041" . ' * 5_000 + "a = 1",
    "dots behind what looks like the end of a string": 'a = """\\"""" #"""\n'
    + "a." * 20_000
    + "a = 1",
    "dots behind a line that is no TOML": "]]]\n" + "a." * 20_000 + "a = 1",
    "deep arrays": "a = " + "[" * 30_000 + "]" * 30_000,
    "deep inline tables": "a = " + "{a=" * 10_000 + "1" + "}" * 10_000,
    "a number of 60,000 digits": "a = " + "9" * 60_000,
    "thousands of deep keys": many(lambda n: f"k{n}.{'.'.join(LETTERS)} = 1\n"),
    "thousands of keys in a deep table": many(
        lambda n: f"{'.'.join(LETTERS[1:])}.k{n} = 1\n", f"[{'.'.join(LETTERS)}]\n"
    ),
    "thousands of inline tables": many(lambda n: "{a.a.a.a.a.a.a.a=1},", "a = [") + "]",
    "thousands of unknown keys": many(lambda n: f"learning_rat{n} = 1\n", "[optim]\n"),
    "one very long key": "a" * (BYTES - 100) + " = 1",
    "thousands of wrong values": many(lambda n: "1,", "[eval]\nprompts = [") + "]",
    "thousands of phases with a wrong parent": many(
        lambda n: f'[[phase]]\nid = "p{n}"\nparent = "x"\n'
    ),
    "thousands of secrets": many(lambda n: f'K{n}_TOKEN = "abcdefghij"\n', "[command.env]\n"),
    "a pattern of wide sets": "[log]\nline = '(?P<a>x)" + "[a-\U0010ffff]" * 100 + "'",
    "a long pattern": "[log]\nline = '" + "(?P<a>" * 9_000 + "'",
    "words that nearly look like secrets": f"goal = '{'://a:' * 12_000}'\ngaol = 1",
}


def child(reader: str, file: Path) -> subprocess.CompletedProcess[str]:
    script = CHILD.format(reader=reader)
    root = Path(__file__).parents[3]
    return subprocess.run(
        [sys.executable, "-c", script, str(file)], cwd=root, capture_output=True, text=True
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_in_little_time_and_memory(name: str, tmp_path: Path) -> None:
    head = "" if name == "10 MB of keys" else CORE
    (tmp_path / "p.toml").write_text(head + HOSTILE[name])
    done = child("load(sys.argv[1])", tmp_path / "p.toml")
    assert done.returncode == 0, done.stderr
    verdict, memory = done.stdout.splitlines()
    assert verdict.startswith(f"refused {tmp_path}/p.toml")
    assert ("larger" in verdict) == name.startswith("10 MB")
    assert int(memory) <= MEMORY_MB


def test_a_chain_of_large_files_is_refused_by_their_sum(tmp_path: Path) -> None:
    for number in range(8):
        text = f'extends = "p{number + 1}"\n' + "#" * (BYTES // 3)
        (tmp_path / f"p{number}.toml").write_text(text)
    done = child("load(sys.argv[1])", tmp_path / "p0.toml")
    assert "p2.toml: is, with the files that extend it, larger than 64 KB" in done.stdout


def test_a_large_honest_profile_is_accepted(tmp_path: Path) -> None:
    text = many(
        lambda n: f'[[phase]]\nid = "p{n}"\ndata = "rows-{n}.jsonl"\nepochs = {n + 1}\n', CORE
    )
    (tmp_path / "p.toml").write_text(text)
    assert child("load(sys.argv[1])", tmp_path / "p.toml").stdout.startswith("accepted")


@pytest.mark.parametrize("name", ["20,000 dots in a key", "10 MB of keys", "deep arrays"])
def test_the_same_limits_catch_a_reader_that_does_not_look_first(name: str, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(HOSTILE[name])
    done = child("tomllib.loads(open(sys.argv[1]).read())", tmp_path / "p.toml")
    # ended by the kernel, out of memory, too deep, or far too large
    assert done.returncode != 0 or int(done.stdout.splitlines()[1]) > MEMORY_MB
