"""What is watched and what follows: limits, recovery, alarms, expectations."""

from __future__ import annotations

from collections.abc import Mapping

from engine.profile.checks import ascending, bands, channels
from engine.profile.key import NOTHING, key, table

ALARMS = (
    "nan",
    "zero_loss",
    "constant",
    "spike",
    "divergence",
    "plateau",
    "band",
    "grad_norm",
    "stall",
    "silent",
    "slow",
    "mfu",
    "util",
    "throttle",
    "straggler",
    "steps",
    "not_resumed",
    "memory",
    "disk",
    "budget",
    "idle",
    "at_risk",
    "notice",
    "val_gap",
)
ACTIONS = ("ignore", "notify", "save", "stop", "rollback")
CAUSES = ("crash", "lost", "preempted", "stalled", "diverged", "oom")


@table(frozen=True, kw_only=True)
class Limits:
    """When a run is ended whatever it does; enforced on the machine itself."""

    hours: float | None = key(
        "Hours from the first start, over all attempts.", None, above=0, also=("max_hours",)
    )
    dollars: float | None = key(
        "Dollars that the run may cost.", None, above=0, also=("usd", "budget", "cost")
    )
    idle_minutes: float | None = key(
        "Minutes without a step and with idle GPUs after which it ends.", None, above=0
    )
    then: str = key(
        "The machine afterwards; `release` gives back what was leased and leaves what ran before.",
        "release",
        choices=("release", "stop", "terminate", "keep"),
    )
    grace_s: float = key(
        "Seconds between asking the trainer to end and ending it.", 30.0, least=0, most=3600
    )
    reserve_minutes: float = key(
        "Kept back before a limit for the last checkpoint and its copy.", 5.0, least=0
    )


@table(frozen=True, kw_only=True)
class Recover:
    """What happens by itself when an attempt ends badly; never twice for the same out-of-memory without a change."""

    attempts: int = key("Further attempts; 0: none.", 0, least=0, most=1000, also=("retries",))
    on: tuple[str, ...] = key(
        "Causes that are answered with a further attempt.",
        ("crash", "lost", "preempted"),
        choices=CAUSES,
        many=True,
    )
    backoff_s: float = key(
        "Seconds before a further attempt; doubled while attempts come no farther, at most 15 minutes.",
        10.0,
        least=0,
        most=86_400,
        aliases=("backoff",),
    )
    proof: str = key(
        "A resume that does not continue the curve is stopped, or only reported.",
        "stop",
        choices=("stop", "warn"),
    )
    halve_batch: bool = key(
        "The change after running out of memory: half of `micro_batch`, twice `grad_accum`.", False
    )


@table(frozen=True, kw_only=True)
class Expectation:
    """What a metric should look like; outside of it the alarm `band` is raised."""

    range: tuple[float, float] | None = key("Lowest and highest, always.", None, check=ascending)
    first: tuple[float, float] | None = key(
        "Lowest and highest of the first value.", None, check=ascending
    )
    last: tuple[float, float] | None = key(
        "Lowest and highest of the last value.", None, check=ascending
    )
    bands: tuple[tuple[float, float, float, float], ...] = key(
        "`[from, to, lowest, highest]` rows, from and to in `log.x`.", (), check=bands
    )


@table(frozen=True, kw_only=True)
class Alerts:
    """When an alarm is raised, and what follows; a threshold of 0 turns its alarm off."""

    nan: int = key("NaN or infinite losses in a row.", 3, least=0)
    zero_loss: int = key("Losses of exactly 0 in a row (some trainers print NaN as 0).", 3, least=0)
    constant: int = key("Equal losses in a row.", 20, least=0)
    spike: float = key("Standard deviations above the recent losses.", 6.0, least=0)
    divergence: float = key("Smoothed loss, as a factor of its best.", 1.5, least=0)
    divergence_window: int = key("Steps that smooth the loss for it.", 50, least=2)
    plateau: int = key("Steps without a better smoothed loss.", 0, least=0)
    band: int = key("Values in a row outside of `[expect]`.", 5, least=0)
    grad_norm_high: float = key(
        "Gradient norm above, of the model or, where told, of a layer.", 100.0, least=0
    )
    grad_norm_low: float = key(
        "Gradient norm below, of the model or, where told, of a layer.", 0.001, least=0
    )
    stall: float = key(
        "A step takes longer than this factor of the usual longest (p99).", 3.0, least=0
    )
    stall_s: float = key("Seconds below which nothing counts as stalled.", 300.0, least=1)
    silent_s: float = key("Seconds without a line printed, while the GPUs idle.", 900.0, least=0)
    slow: float = key("Step time, as a factor of its usual.", 1.3, least=0)
    steps: float = key(
        "A step that jumps by this factor of the usual stride, or goes back.", 20.0, least=0
    )
    not_resumed: float = key(
        "First loss of a resumed attempt, as a factor of the loss it goes on from; an earlier first step, always.",
        1.5,
        least=0,
    )
    mfu: float = key(
        "Model FLOPs used, below this share of the device's peak.", 0.0, least=0, most=1
    )
    util: float = key("GPU use below this share for ten minutes.", 0.3, least=0, most=1)
    throttle_s: float = key("Seconds of clocks held down by heat or power.", 60.0, least=0)
    straggler: float = key("Slowest rank, as a factor of the median.", 1.2, least=0)
    memory: float = key("Share of the GPU's or the machine's memory in use.", 0.95, least=0, most=1)
    memory_minutes: float = key(
        "Minutes until memory that creeps up would be full, fewer.", 60.0, least=0
    )
    disk_gb: float = key("Gigabytes free, fewer.", 5.0, least=0)
    disk_checkpoints: float = key("Room for fewer checkpoints than this.", 2.0, least=0)
    budget: float = key("Share of a limit that is used up.", 0.8, least=0, most=1)
    idle_minutes: float = key("Minutes a billed machine runs nothing.", 10.0, least=0)
    at_risk_minutes: float = key("Minutes of work that are safe nowhere else.", 60.0, least=0)
    val_gap: float = key("Evaluation loss, as a factor of the training loss.", 0.0, least=0)
    actions: Mapping[str, str] = key(
        "Alarm → what follows, else `notify`; `stop` saves first, `rollback` goes back to the best checkpoint.",
        NOTHING,
        names=ALARMS,
        choices=ACTIONS,
    )
    notify: tuple[str, ...] = key(
        "Where alarms go: `desktop`, `ntfy:TOPIC`, `webhook:SECRET`, the name of the secret that holds its address.",
        (),
        many=True,
        check=channels,
    )
    command: tuple[str, ...] = key(
        "A command run for each alarm, with the message on its standard input.", ()
    )
