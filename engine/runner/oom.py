"""How often the kernel killed for memory in our control group; versions 1 and 2, in a container or not."""

from __future__ import annotations

ROOT = "/sys/fs/cgroup"


def kills(groups: str = "/proc/self/cgroup", root: str = ROOT) -> int | None:
    """The counter now; None where it cannot be read."""
    for path in _candidates(groups, root):
        found = _counter(path)
        if found is not None:
            return found
    return None


def _candidates(groups: str, root: str) -> list[str]:
    """In a container the group's path is the host's, and its files lie at the root."""
    try:
        with open(groups) as file:
            lines = file.read().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, kinds, path = [*line.split(":", 2), "", ""][:3]
        path = path.rstrip("/")
        if "memory" in kinds.split(","):
            found += [
                f"{root}/memory{path}/memory.oom_control",
                f"{root}/memory/memory.oom_control",
            ]
        elif not kinds:
            found += [f"{root}{path}/memory.events", f"{root}/memory.events"]
    return found


def _counter(path: str) -> int | None:
    try:
        with open(path) as file:
            for line in file:
                name, _, value = line.partition(" ")
                if name == "oom_kill":
                    return int(value)
    except (OSError, ValueError):
        return None
    return None
