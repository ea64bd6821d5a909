"""What lies at a path that may be a checkpoint, and what is done to it where it lies: on whichever machine that is.

It travels in the runner's zipapp. Nothing here unpickles, follows a name out of a checkpoint's folder, or changes what
a script wrote, but to put back what that script itself deleted.
"""

from __future__ import annotations

from engine.shelf.contents import MANIFEST, Contents, look, recognise, step_in

__all__ = ["MANIFEST", "Contents", "look", "recognise", "step_in"]
