"""The headless engine: launches, watches, proves and closes training runs.

Nothing heavy is imported here: the runner's zipapp and every trainer that calls `engine.emit` load this file.
"""

from __future__ import annotations

__version__ = "0.1.0"
