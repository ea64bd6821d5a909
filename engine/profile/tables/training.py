"""How it is trained by our own loop: optimizer, schedule, length, saving, evaluation."""

from __future__ import annotations

from engine.profile.checks import rising_percents
from engine.profile.key import key, table
from engine.profile.tables.model import PRECISIONS


@table(frozen=True, kw_only=True)
class Optim:
    """The optimizer."""

    name: str = key(
        "Which.", "adamw", choices=("adamw", "adamw8bit", "sgd"), also=("optimizer", "optim")
    )
    learning_rate: float = key("Peak.", 2e-4, above=0, most=10, also=("lr", "max_lr"))
    weight_decay: float = key("Decoupled decay a step.", 0.01, least=0, most=1)
    max_grad_norm: float | None = key(
        "Gradients are scaled down to this norm; 0 turns clipping off.",
        1.0,
        least=0,
        also=("gradient_clipping", "grad_clip", "clip_grad_norm"),
    )
    betas: tuple[float, float] = key("Decay of the moments.", (0.9, 0.999), least=0, most=1)
    eps: float = key("Added to the denominator.", 1e-8, above=0, most=1, also=("adam_epsilon",))


@table(frozen=True, kw_only=True)
class Schedule:
    """The learning rate over time."""

    kind: str = key(
        "Shape after the warm-up.",
        "cosine",
        choices=("cosine", "linear", "constant"),
        also=("lr_scheduler_type", "lr_scheduler"),
    )
    warmup_ratio: float = key("Warm-up as a share of all steps.", 0.0, least=0, most=1)
    warmup_steps: int | None = key(
        "Warm-up in optimizer steps.",
        None,
        least=0,
        also=("warmup_iters",),
        hint="a share of all steps goes into schedule.warmup_ratio",
    )
    floor: float = key("Where it ends, as a share of the peak.", 0.0, least=0, most=1)


@table(frozen=True, kw_only=True)
class Train:
    """The loop: batch, length, precision, devices."""

    micro_batch: int = key(
        "Sequences in one forward pass on one device.",
        4,
        least=1,
        also=("per_device_train_batch_size", "micro_batch_size", "batch_size"),
    )
    grad_accum: int = key(
        "Forward passes per optimizer step.", 1, least=1, also=("gradient_accumulation_steps",)
    )
    max_steps: int | None = key(
        "Optimizer steps after which training ends, whatever `epochs` says; over phases it only caps.",
        None,
        least=1,
        also=("max_iters",),
    )
    epochs: float = key(
        "Passes over the rows after which training ends.",
        1.0,
        above=0,
        also=("num_train_epochs", "num_epochs"),
    )
    tokens: int | None = key(
        "Tokens after which training ends, with the step that has them, as `max_steps` does.",
        None,
        least=1,
        also=("max_tokens",),
    )
    seed: int = key("Of everything random.", 42, least=0, most=2**63 - 1)
    precision: str = key(
        "In what is computed; `auto` takes bf16 where the device has it.",
        "auto",
        choices=PRECISIONS,
        also=("bf16", "fp16", "mixed_precision"),
    )
    gradient_checkpointing: bool = key("Compute activations twice to hold fewer of them.", False)
    devices: int = key(
        "GPUs (or CPU ranks) to train on.", 1, least=1, most=4096, also=("gpus", "nproc_per_node")
    )
    strategy: str = key(
        "How several devices share the work: copies of the model, or shards of it.",
        "ddp",
        choices=("ddp", "fsdp"),
    )
    compile: str | bool = key("Compile the model; `auto` where it wins.", "auto", choices=("auto",))
    threads: int | None = key("CPU threads of the trainer; absent: all cores.", None, least=1)
    oom_retry: bool = key(
        "Once, after running out of memory in a step, go on in the same process with smaller micro-batches and the"
        " same effective batch; on one device.",
        False,
    )
    layer_norms: bool = key("Record the gradient norm of each layer, as `grad_norm/LAYER`.", False)


@table(frozen=True, kw_only=True)
class Save:
    """When our own loop writes a checkpoint; one is always written at the end and on SIGTERM."""

    every_steps: int | None = key(
        "Optimizer steps between checkpoints.", None, least=1, also=("save_steps",)
    )
    every_minutes: float | None = key("Minutes between checkpoints.", None, above=0)
    keep: int = key("Newest checkpoints kept.", 3, least=1, also=("save_total_limit",))
    background: bool = key("Write while the training goes on.", True)
    sink: str | None = key(
        "Copy each to a place off the machine: `gs://…`, `s3://…`, `ssh:HOST/PATH`, or a path on a durable volume.",
        None,
    )


@table(frozen=True, kw_only=True)
class Eval:
    """Evaluation and samples while training."""

    every_steps: int | None = key(
        "Optimizer steps between evaluations.", None, least=1, also=("eval_steps", "eval_interval")
    )
    max_rows: int | None = key("Rows of an evaluation; absent: all.", None, least=1)
    prompts: tuple[str, ...] = key("Texts to generate from.", (), many=True)
    schedule: tuple[tuple[float, float], ...] = key(
        "When prompts are sampled: `[percent, steps]` pairs; up to that percent of the run, every so many steps.",
        (),
        check=rising_percents,
        least=0,
    )
    at: tuple[float, ...] = key(
        "Percents of the run at which prompts are sampled.", (), least=0, most=100
    )
    sample_tokens: int = key(
        "Longest sample in tokens.", 64, least=1, most=100_000, also=("max_new_tokens",)
    )
    temperature: float = key("0 always takes the likeliest token.", 0.8, least=0, most=10)
    top_p: float = key("Sample among the likeliest tokens of this share.", 1.0, above=0, most=1)
    forbidden: tuple[str, ...] = key(
        "Words that a good sample does not have, or files that list them.", (), many=True
    )
    questions: str | None = key("File with the benchmark's questions (recipe `evaluate`).", None)
    patience: int | None = key(
        "Evaluations without a better loss after which training ends early; absent: never.",
        None,
        least=1,
        also=("early_stopping_patience",),
    )
