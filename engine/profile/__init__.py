"""What to train and how: TOML → a frozen Profile, or every fault with its file, key and line.

    load(source, sets, search)   a profile by name or path, with what it extends and `--set a.b=c` on top
    from_table(table, sets)      from values already in memory
    from_json(data)              the frozen profile.json of a run, read back
    filled(profile, run)         as one run means it: `{run}` replaced by its id
    warnings(profile, price)     what is allowed and worth saying before a launch
    plain(table)                 any table of a profile as plain values, for JSON

Refuses: where to train (that is a host's), secrets (names only), unknown keys, and files made to choke a parser.
"""

from __future__ import annotations

from engine.profile.criteria import Criterion, parse_limit, parse_tier
from engine.profile.faults import Fault, ProfileError, Where
from engine.profile.fill import filled
from engine.profile.freeze import plain
from engine.profile.load import from_json, from_table, load
from engine.profile.profile import RECIPES, Profile
from engine.profile.rules import warnings
from engine.profile.tables.guarding import ALARMS, Alerts, Recover

__all__ = [
    "ALARMS",
    "RECIPES",
    "Alerts",
    "Criterion",
    "Fault",
    "Profile",
    "ProfileError",
    "Recover",
    "Where",
    "filled",
    "from_json",
    "from_table",
    "load",
    "parse_limit",
    "parse_tier",
    "plain",
    "warnings",
]
