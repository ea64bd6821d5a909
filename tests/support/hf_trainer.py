"""A script around transformers' Trainer as many people have one, with the callback that speaks events."""

from __future__ import annotations

import argparse

import torch
from torch.utils.data import Dataset
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments

from engine.train.callback import CockpitCallback


class Rows(Dataset[dict[str, torch.Tensor]]):
    def __len__(self) -> int:
        return 64

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        source = torch.Generator().manual_seed(index)
        ids = torch.randint(0, 64, (16,), generator=source)
        return {"input_ids": ids, "labels": ids}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--resume_from_checkpoint")
    parser.add_argument("--max_steps", type=int, default=40)
    args = parser.parse_args()
    torch.manual_seed(3)
    torch.set_num_threads(1)
    shape = GPT2Config(vocab_size=64, n_embd=32, n_layer=1, n_head=2, n_positions=16)
    settings = TrainingArguments(
        output_dir="out",
        max_steps=args.max_steps,
        per_device_train_batch_size=4,
        save_steps=5,
        logging_steps=1,
        learning_rate=1e-3,
        use_cpu=True,
        report_to=[],
        disable_tqdm=True,
        save_total_limit=4,
    )
    trainer = Trainer(
        GPT2LMHeadModel(shape), settings, train_dataset=Rows(), callbacks=[CockpitCallback()]
    )
    trainer.train(resume_from_checkpoint=args.resume_from_checkpoint)


if __name__ == "__main__":
    main()
