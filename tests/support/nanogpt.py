"""A trainer in nanoGPT's form: one `ckpt.pt` that each save writes over in place, lines of `iter N: loss X`."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch
from torch import nn


def batch(step: int) -> tuple[torch.Tensor, torch.Tensor]:
    source = torch.Generator().manual_seed(step)
    x = torch.randn(16, 8, generator=source)
    return x, x.roll(1, dims=1) * 0.5


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out_dir", type=Path, default=Path("out"))
    parser.add_argument("--max_iters", type=int, default=150)
    parser.add_argument("--save_every", type=int, default=10)
    parser.add_argument("--pause", type=float, default=0.02)
    parser.add_argument("--resume")
    args = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(1)
    args.out_dir.mkdir(exist_ok=True)
    model = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 8))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    start = 0
    if args.resume:
        checkpoint = torch.load(args.resume, weights_only=True)
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["iter_num"]
    for step in range(start, args.max_iters + 1):
        if step % args.save_every == 0 and step > start:
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save({**state, "iter_num": step}, args.out_dir / "ckpt.pt")
        x, y = batch(step)
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        print(f"iter {step}: loss {loss.item():.8f}, time 1.00ms, mfu -100.00%", flush=True)
        time.sleep(args.pause)


if __name__ == "__main__":
    main()
