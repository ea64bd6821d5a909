"""The registry is the truth: what it lists exists, and nothing else is bound."""

from __future__ import annotations

from itertools import chain

import pytest

from cockpit.actions import ACTIONS, ANY, CHART, Action, bindings, of
from cockpit.app import Cockpit
from cockpit.screens.base import Place
from cockpit.screens.fleet import FleetPlace
from cockpit.screens.manual import Manual
from cockpit.screens.places import PLACES, place
from engine.cli.catalog import VERBS

SCREENS: list[type[Place]] = [*map(place, PLACES), FleetPlace, Manual]
NAMED = [one for one in ACTIONS if one.name]


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_does_all_that_its_keys_say(screen: type[Place]) -> None:
    for one in of(*screen.scopes):
        assert callable(getattr(screen, f"action_{one.name}", None)), one.name


def test_the_app_does_what_can_be_done_everywhere() -> None:
    for one in of(ANY):
        assert callable(getattr(Cockpit, f"action_{one.name}", None)), one.name


@pytest.mark.parametrize("screen", SCREENS)
def test_no_key_means_two_things_on_one_screen(screen: type[Place]) -> None:
    keys = list(chain.from_iterable(one.keys.split(",") for one in of(*screen.scopes, ANY)))
    assert sorted(set(keys)) == sorted(keys)
    assert len(bindings(*screen.scopes)) >= len(of(*screen.scopes))


@pytest.mark.parametrize("one", NAMED, ids=lambda one: f"{one.name}-{one.where[0]}")
def test_its_command_is_a_verb_that_exists(one: Action) -> None:
    assert CHART not in one.where
    if one.cli.startswith("engine "):
        assert one.cli.split()[1] in VERBS
    assert "RUN" not in one.command("demo-20260921-000000-abcd")


def test_keys_that_change_the_world_are_capitals() -> None:
    for name in ("stop", "kill", "resume", "save"):
        assert next(one for one in ACTIONS if one.name == name).keys.isupper()
