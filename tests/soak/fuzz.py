"""Hostile consoles and files for the dialects: mutations of real ones, and atheris' own where it is installed.

`python -m tests.soak.fuzz --seconds 600` lets atheris, a coverage-guided fuzzer, go on for so long; without it, and in
`make soak`, real outputs are mutated by a seed. What must hold of every input: no exception, the same rows and state
however the bytes are cut, and a bounded time, counted in CPU seconds for its length.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from pathlib import Path

from engine.dialects import DIALECTS, Lens, Reader
from engine.dialects.tables import Csv, JsonLines, state
from engine.dialects.teaching import Refused, numbers, pattern
from tests.engine.dialects.lines import LINES, NOTHING
from tests.soak.outcome import Outcome

OUTPUTS = Path(__file__).parents[1] / "engine" / "dialects" / "outputs"
NAMES = ("auto", *(dialect.name for dialect in DIALECTS))
LONGEST_S = 5.0
"""CPU seconds for one input of at most 64 KB. A quadratic pattern takes minutes."""
INPUTS = 20_000


def check(data: bytes) -> str | None:
    """What does not hold of this input. Its first bytes choose the dialect and the cuts."""
    name = NAMES[data[0] % len(NAMES)] if data else "auto"
    chance = random.Random(data[:4])
    body = data[4:]
    began = time.process_time()
    whole = Reader(Lens(name))
    found = whole.feed(body)
    cut = Reader(Lens(name))
    pieces, at = [], 0
    while at < len(body):
        width = chance.randint(1, max(1, len(body) // 3))
        pieces += cut.feed(body[at : at + width])
        at += width
    if repr(found) != repr(pieces) or repr(whole.state()) != repr(cut.state()):
        return f"{name}: another cut reads otherwise"
    for read in (Csv().feed, JsonLines().feed, state):
        read(body)
    _teach(body[:1000].decode("utf-8", "replace"))
    spent = time.process_time() - began
    return f"{name}: {spent:.1f} CPU s for {len(body)} bytes" if spent > LONGEST_S else None


def _teach(line: str) -> None:
    told = numbers(line)
    try:
        made = pattern(line, {at: f"n{at}" for at in range(1, min(len(told), 5) + 1)})
    except Refused:
        return
    Reader(Lens(lines=(made,))).feed(line.encode() + b"\n")


def corpus() -> list[bytes]:
    lines = [entry[0].encode() + b"\n" for entry in LINES] + [
        line.encode() + b"\n" for line in NOTHING
    ]
    return lines + [path.read_bytes() for path in sorted(OUTPUTS.iterdir())]


def mutated(chance: random.Random, seeds: list[bytes]) -> bytes:
    """One or two of the seeds, spliced, with bytes and stretches changed, doubled or left out."""
    data = bytearray(chance.choice(seeds)[: chance.choice((80, 400, 4000))])
    data += chance.choice(seeds)[: chance.choice((0, 60, 500))]
    for _ in range(chance.randint(0, 12)):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.choice((1, 3, 20)))
        kind = chance.randrange(4)
        if kind == 0:
            data[at:end] = bytes(chance.randrange(256) for _ in range(end - at))
        elif kind == 1:
            data[at:end] = data[at:end] * chance.choice((2, 50))
        elif kind == 2:
            del data[at:end]
        else:
            data[at:at] = chance.choice(
                (b"\r", b"\n", b"%|", b"\x1b[A", b"nan", b"-", b"1e999", b"{'")
            )
    return chance.randbytes(4) + bytes(data[:65_000])


def run(inputs: int, seed: int) -> Outcome:
    """So many mutations of real outputs."""
    chance, seeds = random.Random(seed), corpus()
    outcome = Outcome("dialects", seed, Counter())
    for _ in range(inputs):
        data = mutated(chance, seeds)
        wrong = check(data)
        outcome.totals["inputs"] += 1
        outcome.totals["bytes"] += len(data)
        if wrong is not None:
            outcome.violations.append(f"{wrong}: {data[:200]!r}")
    return outcome


def _atheris(seconds: int) -> None:
    import atheris  # type: ignore[import-not-found, unused-ignore]

    def one(data: bytes) -> None:
        wrong = check(bytes(data))
        if wrong is not None:
            raise AssertionError(wrong)

    atheris.instrument_all()
    atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", "-max_len=4096"], one)
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    args = parser.parse_args()
    try:
        _atheris(args.seconds)
    except ImportError:
        print("atheris is not installed: mutations of real outputs instead", file=sys.stderr)
    outcome = run(INPUTS, args.seed)
    print(outcome.line())
    return 1 if outcome.violations else 0


if __name__ == "__main__":
    sys.exit(main())
