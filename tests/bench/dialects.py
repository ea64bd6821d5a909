"""How many lines a second a dialect reads, when it is known and when it has to be chosen: CPU seconds of one core.

Every line is a metric line of its dialect, which is the dearest that a console can hold; most consoles are cheaper.
"""

from __future__ import annotations

import time

from engine.dialects import DIALECTS, Lens, Reader
from tests.bench.figures import Figure

LINES = 60_000
PIECE = 64 << 10
TRIES = 3
KNOWN, AUTOMATIC = 300_000, 100_000

SHAPES = {
    "nanogpt": "2026-11-20 15:58:51,412 - INFO - iter {n}: loss {x:.4f}, time 561.94ms, mfu 29.98%",
    "keyvalue": "step {n} loss {x:.4f} lr 3.0e-4",
    "jsonlines": '{{"step": {n}, "loss": {x:.6f}, "lr": 0.0003}}',
    "hf": "{{'loss': '{x:.3f}', 'grad_norm': '1.02', 'learning_rate': '0.000175', 'epoch': '0.25'}}",
    "llmc": "s:{n} trl:{x:.4f} lr:0.000018 norm:2.15",
}
NOISE = "2026-11-20 15:58:47,899 - INFO - Tokenizing shard {n} of the corpus, 3,920 tokens so far"


def console(shape: str, lines: int = LINES) -> bytes:
    text = (shape.format(n=n, x=10 - n / lines) for n in range(lines))
    return "\n".join(text).encode() + b"\n"


def cost(data: bytes, dialect: str) -> tuple[float, int]:
    """CPU seconds for all of it, and the rows found."""
    reader, rows = Reader(Lens(dialect)), 0
    begun = time.process_time()
    for at in range(0, len(data), PIECE):
        rows += len(reader.feed(data[at : at + PIECE]))
    return time.process_time() - begun, rows


def rate(shape: str, dialect: str) -> tuple[float, int]:
    """The best of a few tries: what else runs on the machine only ever adds."""
    data = console(shape)
    found = [cost(data, dialect) for _ in range(TRIES)]
    return LINES / min(spent for spent, _ in found), found[0][1]


def run() -> list[Figure]:
    known = {dialect.name for dialect in DIALECTS}
    found = []
    for name, shape in SHAPES.items():
        assert name in known
        for dialect, promise in ((name, KNOWN), ("auto", AUTOMATIC)):
            speed, rows = rate(shape, dialect)
            what = f"dialect {name}, {'known' if dialect == name else 'chosen by itself'}"
            found.append(
                Figure(what, speed, "lines/s", target=f">= {promise:,}", note=f"{rows:,} rows")
            )
    for dialect, promise in (("nanogpt", KNOWN), ("auto", AUTOMATIC)):
        speed, rows = rate(NOISE, dialect)
        what = f"lines without a metric, {'nanogpt' if dialect != 'auto' else 'undecided'}"
        found.append(
            Figure(what, speed, "lines/s", target=f">= {promise:,}", note=f"{rows:,} rows")
        )
    return found
