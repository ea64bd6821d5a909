"""Every verb: the module of `engine.cli.verbs` that does it, and what it does in one line."""

from __future__ import annotations

from collections.abc import Mapping

GROUPS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "Run": {
        "launch": ("launch", "a new run of a profile"),
        "watch": ("watch", "any command as a run, without a profile"),
        "adopt": ("adopt", "something already running, started by hand"),
        "import": ("imports", "other programs' records of a training, as runs"),
        "resume": ("resume", "a further attempt of a run, from a checkpoint"),
        "fork": ("fork", "a new run that begins with another's checkpoint"),
    },
    "See": {
        "ls": ("ls", "all runs, newest first"),
        "status": ("status", "the seven answers about a run"),
        "tail": ("tail", "a run's console, metrics or events; -f follows"),
        "wait": ("wait", "block until a run ends, exit with its result"),
        "checkpoints": ("checkpoints", "a run's checkpoints: verify, pin, prune, push, merge"),
        "probe": ("probe", "what a checkpoint writes, scored and side by side"),
        "explain": ("explain", "what a console's lines mean and what to do"),
        "alerts": ("alerts", "which alarms stood when, also with other thresholds"),
        "dialect": ("dialect", "how a run's console is read, and by what else it could be"),
        "teach": ("teach", "name the numbers of a line that no dialect reads"),
        "replay": ("replay", "a run once more, on a clock"),
        "compare": ("compare", "what differs between runs, and what may be said of that"),
    },
    "Move": {
        "pull": ("pull", "bring here what a run's machine made, compared byte for byte"),
        "push": ("push", "send a project to a machine ahead of a launch"),
    },
    "Act": {
        "stop": ("request", "ask the trainer to save and end, end it if it does not"),
        "save": ("request", "ask the trainer for a checkpoint now"),
        "kill": ("request", "end the trainer at once"),
        "note": ("note", "write a remark into a run's journal"),
    },
    "Prepare": {
        "data": ("data", "rows to buckets, phases and tokens: what is asked against what is there"),
    },
    "Keep": {
        "hosts": ("hosts", "the machines that runs can go to"),
        "export": ("export", "a run's metrics as a file for other programs"),
        "costs": ("costs", "what runs have cost and will, foreseen beside measured"),
        "report": ("report", "a run's entry of the session log, the log of all, the lineage"),
        "gc": ("gc", "remove caches, leftovers and, when told to, old runs"),
        "doctor": ("doctor", "what a bug report needs to know about this machine"),
        "completion": ("completion", "what bash, zsh or fish needs to complete these words"),
        "help": ("help", "the manual, by topic"),
    },
}

VERBS: Mapping[str, tuple[str, str]] = {
    name: verb for group in GROUPS.values() for name, verb in group.items()
}
