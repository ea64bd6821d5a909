"""Files between the user's project and a machine: what goes is chosen by pure rules, named by content, sent once."""

from __future__ import annotations
