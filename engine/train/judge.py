"""How good the model is now: loss on held-out rows, and what it writes. Neither touches the training's randomness."""

from __future__ import annotations

import re
from pathlib import Path

import torch

from engine.profile.tables.training import Eval
from engine.train import ranks
from engine.train.feed import collate
from engine.train.models import Net
from engine.train.run import Run


@torch.no_grad()
def held_out_loss(run: Run) -> float | None:
    """The mean loss of a held-out token, or None if nothing is held out."""
    corpus = run.valid
    if corpus is None or not len(corpus):
        return None
    size, world = run.plans[0].micro, run.world
    count = min(len(corpus), run.job.eval.max_rows or len(corpus))
    rows = list(range(count))
    sums = torch.zeros(2, dtype=torch.float64)
    run.module.eval()
    for start in range(0, count, size * world.size):
        mine = rows[start : start + size * world.size][world.rank :: world.size] or [0]
        batch = collate([corpus.bin(i) for i in mine]).to(run.device)
        with run_in(run):
            loss = run.module(batch)
        if run.asked.stop and world.size == 1:
            run.module.train()
            return None
        if start + world.rank < count:
            sums += torch.tensor([loss.item(), batch.targets.numel()], dtype=torch.float64)
    run.module.train()
    lost, learned = ranks.total(sums.to(run.device, torch.float32), world).tolist()
    return float(lost / learned)


def write(run: Run, prompt: str) -> str:
    """What the model makes of a prompt; the same weights always write the same."""
    settings = run.job.eval
    source = torch.Generator().manual_seed(run.job.train.seed)
    ids = run.codec.encode_many([prompt])[0] or [run.codec.eos_id]
    context = run.job.data.max_length
    run.module.eval()
    made: list[int] = []
    with run_in(run):
        for _ in range(settings.sample_tokens):
            window = torch.tensor([(ids + made)[-context:]], device=run.device)
            token = _draw(run.net, window, settings, source)
            if token == run.codec.eos_id:
                break
            made.append(token)
    run.module.train()
    return run.codec.decode(made)


def forbidden(listed: tuple[str, ...], text: str) -> list[str]:
    """Which of the words, or of the words in the files named, a text has: whole words, in any case."""
    words: list[str] = []
    for entry in listed:
        path = Path(entry)
        words += path.read_text("utf-8").split("\n") if path.is_file() else [entry]
    return [
        word.strip()
        for word in words
        if word.strip() and re.search(rf"\b{re.escape(word.strip())}\b", text, re.IGNORECASE)
    ]


def _draw(net: Net, window: torch.Tensor, settings: Eval, source: torch.Generator) -> int:
    scores = net.next_logits(window)[0].cpu()
    if settings.temperature <= 0:
        return int(scores.argmax())
    weights, tokens = torch.softmax(scores / settings.temperature, dim=-1).sort(descending=True)
    weights[weights.cumsum(0) - weights > settings.top_p] = 0.0
    return int(tokens[torch.multinomial(weights, 1, generator=source)])


def run_in(run: Run) -> torch.autocast:
    """The arithmetic of the profile; without effect in fp32."""
    return torch.autocast(run.device.type, run.dtype, enabled=run.dtype != torch.float32)
