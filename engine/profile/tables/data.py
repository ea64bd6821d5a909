"""What it is trained on: rows, and the phases that take them in turn."""

from __future__ import annotations

from collections.abc import Mapping

from engine.profile.checks import ascending
from engine.profile.key import METRIC, NAME, NOTHING, key, table


@table(frozen=True, kw_only=True)
class Data:
    """Where rows come from and how they become tokens."""

    train: tuple[str, ...] = key(
        "Files, globs or folders with the rows to train on.",
        (),
        many=True,
        also=("datasets", "train_file", "dataset", "data_dir"),
    )
    valid: str | float | None = key(
        "A file or glob with the rows to evaluate on, or the share of the training rows to keep back.",
        None,
        above=0,
        most=0.5,
        also=("test_datasets", "validation_file", "eval_file", "val_set_size"),
    )
    format: str = key(
        "What a row looks like.",
        "auto",
        choices=("auto", "instruction", "chat", "completion", "text", "tokens"),
    )
    template: str = key(
        "How a row becomes text; `model` is the tokenizer's own way, `auto` takes it where there is one.",
        "auto",
        choices=("auto", "model", "alpaca", "chatml", "plain"),
        also=("chat_template",),
    )
    max_length: int = key(
        "Longest sequence in tokens.",
        1024,
        least=2,
        most=10_000_000,
        also=("max_seq_length", "sequence_len", "block_size", "context"),
    )
    too_long: str = key(
        "What happens to a longer row.", "truncate", choices=("truncate", "drop", "split")
    )
    packing: bool = key(
        "Put several rows into one sequence; they never see each other.",
        True,
        also=("sample_packing",),
    )
    mask_prompt: bool = key(
        "Learn the answers only, not the prompts.", True, also=("train_on_inputs",)
    )
    broken: str = key(
        "A row that cannot be read ends the run, or is counted, named and left out.",
        "stop",
        choices=("stop", "skip"),
    )
    dedupe: str = key(
        "Leave out rows that are there already: the same tokens, the same of them learned.",
        "none",
        choices=("none", "exact"),
    )
    cache: str = key(
        "Tokens on disk: use what fits its inputs, always rebuild, or refuse to run without.",
        "auto",
        choices=("auto", "rebuild", "require"),
    )
    workers: int = key(
        "Threads that make batches ready ahead of the device; 0: one.", 0, least=0, most=256
    )
    buckets: str | None = key(
        "Folder `DOMAIN/TIER.jsonl` from which the phases draw their mixes.", None
    )
    tiers: tuple[str, ...] = key(
        "Names of the tiers, from easy to hard; absent: as found in the buckets.", ()
    )
    expect: Mapping[str, int] = key(
        "Rows that must be there, by file name; `total` is all of them.", NOTHING, least=0
    )
    minimums: Mapping[str, int] = key(
        "Least rows a domain must have, by tier.", NOTHING, least=0, pattern=METRIC
    )


@table(frozen=True, kw_only=True)
class Phase:
    """One stretch of training with its own rows, length and learning rate; phases run in their order here."""

    id: str = key("Its name.", pattern=NAME)
    purpose: str | None = key("Why it is there, in a sentence.", None)
    parent: str | None = key(
        "The phase whose result it starts from; absent: the one before it.", None
    )
    data: tuple[str, ...] = key(
        "Its rows, or the folder of a curriculum that has them; absent: `data.train`, or a draw from `data.buckets`.",
        (),
        many=True,
    )
    mix: Mapping[str, float] = key(
        "Weights of the tiers; only their proportions count.",
        NOTHING,
        least=0,
        whole=True,
        pattern=METRIC,
    )
    quota: int | None = key(
        "Rows to draw from each domain.", None, least=1, also=("per_domain", "target_per_domain")
    )
    rows: int | None = key(
        "Rows to draw in all.", None, least=1, also=("target_records", "max_samples")
    )
    cap: float | None = key(
        "Largest share of the rows that one domain may have.", None, above=0, most=1
    )
    minimum: int | None = key("Fewest rows of a domain that takes part.", None, least=0)
    domains: tuple[str, ...] = key("The only domains that take part; absent: all.", (), many=True)
    focus: tuple[str, ...] = key("Domains that come first.", (), many=True, also=("focus_domains",))
    focus_share: float | None = key(
        "Least share of the rows that is in focus.", None, least=0, most=1
    )
    reuse: bool = key("May draw rows that an earlier phase had.", False)
    seed: int | None = key(
        "Seed of its draw from the buckets; absent: `train.seed`.", None, least=0
    )
    epochs: float | None = key("Passes over its rows; absent: `train.epochs`.", None, above=0)
    max_steps: int | None = key("Optimizer steps after which it ends.", None, least=1)
    learning_rate: float | None = key(
        "Peak; absent: `optim.learning_rate`.", None, above=0, most=10, also=("lr",)
    )
    optimizer: str = key(
        "Carry the optimizer's moments from the parent, or restart them.",
        "carry",
        choices=("carry", "restart"),
    )
    schedule: str = key(
        "Restart the learning-rate schedule in this phase, or carry on with the parent's.",
        "restart",
        choices=("carry", "restart"),
    )
    expect: Mapping[str, tuple[float, float]] = key(
        "Range of a metric at the phase's end, for example `{loss = [0.8, 1.0]}`.",
        NOTHING,
        pattern=METRIC,
        check=ascending,
    )
