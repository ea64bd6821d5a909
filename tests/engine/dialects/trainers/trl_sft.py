"""TRL's SFTTrainer on a tiny model and a tokenizer made here, so that nothing has to be downloaded."""

from __future__ import annotations

import sys

import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast
from trl import SFTConfig, SFTTrainer


def main(out: str) -> None:
    torch.manual_seed(0)
    words = {word: at for at, word in enumerate(["<pad>", "<eos>", "<unk>", *"abcdefghij"])}
    made = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokens = PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>"
    )
    size = {"vocab_size": len(words), "n_positions": 32, "n_embd": 16, "n_layer": 1, "n_head": 2}
    model = GPT2LMHeadModel(GPT2Config(**size))
    texts = Dataset.from_dict({"text": ["a b c d e f g h i j"] * 32})
    arguments = SFTConfig(
        output_dir=out,
        max_steps=8,
        per_device_train_batch_size=4,
        logging_steps=1,
        save_steps=4,
        report_to=[],
        use_cpu=True,
        bf16=False,
        max_length=16,
    )
    SFTTrainer(model=model, args=arguments, train_dataset=texts, processing_class=tokens).train()


if __name__ == "__main__":
    main(sys.argv[1])
