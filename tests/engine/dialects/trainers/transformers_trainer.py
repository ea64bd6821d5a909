"""transformers' own Trainer on a model of a few thousand weights: what it prints is what the dialects have to read."""

from __future__ import annotations

import sys

import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments


class Tokens(torch.utils.data.Dataset):  # type: ignore[type-arg]
    def __len__(self) -> int:
        return 32

    def __getitem__(self, at: int) -> dict[str, torch.Tensor]:
        ids = (torch.arange(16) * 7 + at) % 64
        return {"input_ids": ids, "labels": ids.clone()}


def main(out: str, quiet: bool) -> None:
    torch.manual_seed(0)
    model = GPT2LMHeadModel(
        GPT2Config(vocab_size=64, n_positions=16, n_embd=16, n_layer=1, n_head=2)
    )
    arguments = TrainingArguments(
        output_dir=out,
        num_train_epochs=2,
        per_device_train_batch_size=4,
        logging_steps=2,
        save_steps=8,
        eval_strategy="steps",
        eval_steps=8,
        report_to=[],
        use_cpu=True,
        disable_tqdm=quiet,
        seed=1,
    )
    Trainer(model=model, args=arguments, train_dataset=Tokens(), eval_dataset=Tokens()).train()


if __name__ == "__main__":
    main(sys.argv[1], "--quiet" in sys.argv)
