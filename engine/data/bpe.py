"""A byte-level BPE learned from a corpus: every text round-trips exactly, whatever its alphabet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

END = "<|endoftext|>"


def learn(texts: Iterable[str], vocab: int) -> Any:
    """A tokenizer of the tokenizers library; the corpus is read as a stream."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(iter(texts), trainer)
    return core
