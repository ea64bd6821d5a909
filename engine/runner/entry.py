"""Where the zipapp begins: the runner of an attempt, or one of the other ends of a keeper's line.

`runner.pyz <run>/attempts/<n>` runs an attempt; `--far ROOT` is the other end of a keeper's channel, `--take FOLDER` of
what it sends, `--give` of what it fetches, `--shelf` of what it does to checkpoints, `--outfit FOLDER` of what it has
made. Each loads no more than it needs: on a long road somebody waits for every tenth of a second.
"""

from __future__ import annotations


def main(arguments: list[str]) -> int:
    """The exit status of whichever it is."""
    what, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if what == "--far" and len(rest) == 1:
        from engine.runner.far import far

        return far(rest[0])
    if what == "--take" and len(rest) == 1:
        from engine.runner.take import take

        return take(rest[0])
    if what == "--give" and not rest:
        from engine.runner.give import give

        return give()
    if what == "--shelf" and not rest:
        from engine.runner.shelf import shelf

        return shelf()
    if what in ("--outfit", "--make") and len(rest) == 1:
        from engine.runner.outfit import make, outfit

        return (outfit if what == "--outfit" else make)(rest[0])
    from engine.runner.main import main as attempt

    return attempt(arguments)
