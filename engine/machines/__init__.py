"""Where attempts run. A machine runs commands, follows files and moves them in and out; local is the one that is here."""

from __future__ import annotations
