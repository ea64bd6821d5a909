"""What is trained: the model and what is put on it."""

from __future__ import annotations

from engine.profile.key import key, table

PRECISIONS = ("auto", "bf16", "fp16", "fp32")


@table(frozen=True, kw_only=True)
class Scratch:
    """A model with random weights, by its sizes; written, it takes the place of `base`'s weights."""

    family: str = key("Architecture.", "gpt2", choices=("gpt2", "llama", "qwen2"))
    layers: int = key("Blocks.", 12, least=1, also=("n_layer", "num_hidden_layers"))
    heads: int = key("Attention heads.", 12, least=1, also=("n_head", "num_attention_heads"))
    kv_heads: int | None = key(
        "Key and value heads (llama, qwen2); absent: as many as `heads`.", None, least=1
    )
    width: int = key(
        "Numbers per token between blocks.", 768, least=1, also=("n_embd", "hidden_size")
    )
    mlp: int | None = key(
        "Width inside a block (llama, qwen2); absent: the family's habit.", None, least=1
    )
    vocab: int = key("Tokens that the tokenizer knows.", 50257, least=2, also=("vocab_size",))
    dropout: float = key("Share of activations dropped in training.", 0.0, least=0, most=0.95)
    tokenizer: str | None = key(
        "A tokenizer.json; absent: a byte-level BPE of `vocab` tokens is trained on the text.", None
    )


@table(frozen=True, kw_only=True)
class Model:
    """The model that training starts from."""

    base: str | None = key(
        "Weights to start from: a folder, or `hf:OWNER/NAME`.",
        None,
        also=("base_model", "model_name_or_path", "init_from"),
    )
    revision: str | None = key("Commit or tag of a base on the Hub; absent: its newest.", None)
    tokenizer: str | None = key("Path or `hf:OWNER/NAME`; absent: the base's own.", None)
    dtype: str = key(
        "In what the base's weights are held; `auto` is fp32 where all of them learn, else `train.precision`.",
        "auto",
        choices=PRECISIONS,
        also=("torch_dtype",),
    )
    bits: int | None = key(
        "Quantise the frozen base to 4 bits a weight; absent: not at all.",
        None,
        choices=(4,),
        also=("load_in_4bit", "load_in_8bit"),
    )
    quant: str = key("How 4 bits are used.", "nf4", choices=("nf4", "fp4"))
    double_quant: bool = key("Quantise the scales of 4-bit weights too.", True)
    attention: str = key(
        "Kernel of the attention in a base of transformers; GPT-2 from scratch takes torch's own.",
        "auto",
        choices=("auto", "sdpa", "flash", "eager"),
    )
    trust_remote_code: bool = key("Run code that comes with the base's files.", False)
    from_scratch: Scratch | None = key("Train random weights of these sizes.", None)


@table(frozen=True, kw_only=True)
class Adapter:
    """What is trained of the model: an adapter, or all of it."""

    kind: str = key(
        "`full` trains every weight; `lora` and `dora` train small matrices beside frozen ones.",
        "full",
        choices=("lora", "dora", "full"),
        also=("use_dora", "peft_type", "adapter", "method"),
    )
    rank: int = key("Rank of the matrices.", 16, least=1, most=4096, also=("r", "lora_r"))
    alpha: float = key("Scale, divided by the rank.", 32.0, above=0, also=("lora_alpha",))
    dropout: float = key(
        "Dropout before the matrices.", 0.0, least=0, most=0.95, also=("lora_dropout",)
    )
    targets: tuple[str, ...] = key(
        "Modules that get an adapter, by the end of their names; `all-linear` is every linear layer but the head.",
        ("all-linear",),
        many=True,
        also=("target_modules", "lora_target_modules"),
    )
    bias: str = key("Biases to train: none are.", "none", choices=("none",))
    path: str | None = key(
        "Go on from the adapter in this folder, ours or PEFT's, instead of a fresh one.", None
    )
