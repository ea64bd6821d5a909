"""Where attempts run. A machine runs commands, follows files and moves them in and out."""

from __future__ import annotations
