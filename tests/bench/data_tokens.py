"""Tokenizing a corpus: ours and `datasets.map`, on the same text, tokenizer and cores; the cache after it.

Wall time is what counts for a user and CPU time for a busy machine: both are shown, and the ratio is of CPU time.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from pathlib import Path

from tests.bench import peers
from tests.bench.figures import Figure
from tests.bench.measure import ROOT, Failed, apart

MEGABYTES = 128
PEER_MEGABYTES = 3
VOCAB = 30_000


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), "corpus.txt", MEGABYTES)
        write(Path(folder), "small.txt", PEER_MEGABYTES)
        apart("tests.bench.data_tokens:learn", folder)
        ours = apart("tests.bench.data_tokens:ours", folder, None)
        plain = apart("tests.bench.data_tokens:ours", folder, "tokenizers")
        again = apart("tests.bench.data_tokens:reopen", folder)
        batch = apart("tests.bench.data_tokens:batches", folder)
        try:
            map_ = apart(
                "tests.bench.data_tokens:mapped", folder, python=peers.python(peers.TRAINERS)
            )
            peer, why = rate(map_.cpu_s, map_.result["tokens"]), ""
            wall = rate(map_.result["seconds"], map_.result["tokens"])
        except (peers.Absent, Failed) as error:
            peer, wall, why = None, None, str(error)
    mine = rate(ours.cpu_s, ours.result["tokens"])
    slow = rate(plain.cpu_s, plain.result["tokens"])
    name = f"datasets.map{'' if why else ', 2 processes'}"
    return [
        Figure("tokenize", mine, "Mtok / CPU-s", name, peer, peer and mine / peer, ">= 10x",
               f"{MEGABYTES} MB of text, {ours.result['name']}, written and packed {why}"),
        Figure("tokenize, wall", rate(ours.result["seconds"], ours.result["tokens"]), "Mtok / s", name, wall,
               wall and rate(ours.result["seconds"], ours.result["tokens"]) / wall, note=f"{os.cpu_count()} cores"),
        Figure("tokenize, another tokenizer", slow, "Mtok / CPU-s", name, peer, peer and slow / peer, ">= 1.3x"),
        Figure("tokenize, memory", ours.rss_mb, "MB", target="<= 500 MB", note="of the writer"),
        Figure("reopen the cache", again.result * 1000, "ms", target="<= 50 ms"),
        Figure("a random batch of 16 x 512", batch.result * 1000, "ms", note="from the mapped store"),
    ]  # fmt: skip


def rate(seconds: float, tokens: int) -> float:
    return float(tokens / seconds / 1e6)


def write(folder: Path, name: str, megabytes: int) -> None:
    """Runs of words of the demo's text in a random order: natural frequencies, no end."""
    words = (ROOT / "profiles" / "demo.txt").read_text().split()
    source = random.Random(5)
    with (folder / name).open("w") as file:
        while file.tell() < megabytes * 1_000_000:
            starts = [source.randrange(len(words) - 12) for _ in range(30)]
            file.write(" ".join(" ".join(words[at : at + 10]) for at in starts) + "\n\n\n")


def learn(folder: str) -> None:
    from engine.data.bpe import learn as learn_bpe

    text = (Path(folder) / "small.txt").read_text()[:2_000_000]
    learn_bpe([text], VOCAB).save(str(Path(folder) / "tokenizer.json"))


def ours(folder: str, encoder: str | None) -> dict[str, object]:
    from engine.data.encoders import open_encoder, read_tokenizer
    from engine.data.pretokenizing import Way, describe, ensure

    tokenizer, eos, _ = read_tokenizer(Path(folder) / "tokenizer.json")
    name = "corpus.txt" if encoder is None else "small.txt"
    said = {"eos": eos, "max_length": 512, "running": True}
    begun = time.perf_counter()
    task = describe([str(Path(folder) / name)], tokenizer, said, Path(folder) / "store", encoder)
    made = ensure(task, Path(folder) / "store", Way("rebuild"))
    used = open_encoder(tokenizer, ["a b"], encoder).name
    return {
        "tokens": made.store.manifest["tokens"], "seconds": time.perf_counter() - begun, "name": used,
    }  # fmt: skip


def reopen(folder: str) -> float:
    from engine.data.encoders import read_tokenizer
    from engine.data.pretokenizing import Way, describe, ensure

    tokenizer, eos, _ = read_tokenizer(Path(folder) / "tokenizer.json")
    said = {"eos": eos, "max_length": 512, "running": True}
    times = []
    time.sleep(2.5)
    for _ in range(16):
        begun = time.perf_counter()
        task = describe(
            [str(Path(folder) / "corpus.txt")], tokenizer, said, Path(folder) / "store", None
        )
        assert ensure(task, Path(folder) / "store", Way("require")).reused
        times.append(time.perf_counter() - begun)
    return sorted(times)[len(times) // 2]


def batches(folder: str) -> float:
    import numpy as np

    from engine.data.store import open_store, read_manifest

    stores = [p for p in (Path(folder) / "store").iterdir() if read_manifest(p)]
    tokens = open_store(max(stores, key=lambda p: (p / "tokens.bin").stat().st_size)).tokens
    source = np.random.default_rng(1)
    begun = time.perf_counter()
    for _ in range(200):
        at = source.integers(0, len(tokens) - 513, 16)
        np.stack([tokens[i : i + 513] for i in at]).astype(np.int64)
    return (time.perf_counter() - begun) / 200


def mapped(folder: str) -> dict[str, float]:
    """Under the peers' Python: the usual way, batched, with as many processes as cores."""
    from datasets import Dataset  # type: ignore[import-not-found]
    from tokenizers import Tokenizer

    core = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
    texts = [
        t + "<|endoftext|>" for t in (Path(folder) / "small.txt").read_text().split("\n\n\n") if t
    ]
    begun = time.perf_counter()

    def encode(rows: dict[str, list[str]]) -> dict[str, list[list[int]]]:
        return {"ids": [one.ids for one in core.encode_batch(rows["text"])]}

    done = Dataset.from_dict({"text": texts}).map(
        encode, batched=True, num_proc=os.cpu_count(), remove_columns=["text"]
    )
    seconds = time.perf_counter() - begun
    return {"tokens": sum(map(len, done["ids"])), "seconds": seconds}
