"""The registry is the truth: what it lists exists, and nothing else is bound."""

from __future__ import annotations

from itertools import chain

import pytest
from textual.widget import Widget

from cockpit.actions import ACTIONS, ANY, CHART, LIST, PARTS, REPLAY, Action, bindings, of
from cockpit.app import Cockpit
from cockpit.screens.base import Place
from cockpit.screens.compare import Compare
from cockpit.screens.costs import Costs
from cockpit.screens.fleet import FleetPlace
from cockpit.screens.hosts import Hosts
from cockpit.screens.manual import Manual
from cockpit.screens.mix import Mix
from cockpit.screens.new import New
from cockpit.screens.places import PLACES, place
from cockpit.widgets.bars import KeyBar
from cockpit.widgets.chart import Chart
from cockpit.widgets.listing import Listing
from engine.cli.catalog import VERBS

OTHERS: list[type[Place]] = [FleetPlace, Manual, New, Compare, Mix, Hosts, Costs]
SCREENS: list[type[Place]] = [*map(place, PLACES), *OTHERS]


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_does_all_that_its_keys_say(screen: type[Place]) -> None:
    for one in of(*screen.scopes):
        assert callable(getattr(screen, f"action_{one.name.split('(')[0]}", None)), one.name


@pytest.mark.parametrize(("part", "scope"), [(Chart, CHART), (Listing, LIST)])
def test_a_part_does_all_that_its_keys_say(part: type[Widget], scope: str) -> None:
    for one in of(scope):
        assert callable(getattr(part, f"action_{one.name.split('(')[0]}", None)), one.name
    assert len(bindings(scope)) == len(of(scope))


def test_the_app_does_what_can_be_done_everywhere() -> None:
    for one in of(ANY):
        assert callable(getattr(Cockpit, f"action_{one.name}", None)), one.name


@pytest.mark.parametrize("screen", SCREENS)
def test_no_key_means_two_things_on_one_screen(screen: type[Place]) -> None:
    """What moves a recording is offered only where there is one, a card's fixes only where there is none."""
    apart = [one.name for one in of(REPLAY)] if REPLAY in screen.scopes else []
    for left_out in (apart, ["fix"]):
        found = [one for one in of(*screen.scopes, ANY) if one.name not in left_out]
        keys = list(chain.from_iterable(one.keys.split(",") for one in found))
        assert sorted(set(keys)) == sorted(keys)


@pytest.mark.parametrize("one", ACTIONS, ids=lambda one: f"{one.name}-{one.where[0]}")
def test_each_has_a_key_a_label_and_a_command_that_exists(one: Action) -> None:
    assert one.name and one.keys and one.shown and one.label
    if one.cli.startswith("engine ") and not one.cli.startswith("engine --"):
        assert one.cli.split()[1] in VERBS
    assert "RUN" not in one.command("demo-20260921-000000-abcd")


@pytest.mark.parametrize("screen", SCREENS)
def test_the_footer_of_a_wide_screen_has_them_all(screen: type[Place]) -> None:
    found = of(*screen.scopes, ANY)
    bar = KeyBar(found)
    line = "".join(text for text, _ in bar._line(1000))
    assert [one.label for one in found if f" {one.shown} {one.label} " not in line] == []


def test_keys_that_change_the_world_are_capitals() -> None:
    for name in ("stop", "kill", "resume", "save"):
        assert next(one for one in ACTIONS if one.name == name).keys.isupper()


def test_a_part_is_no_screen() -> None:
    assert all(set(one.where) <= set(PARTS) for one in ACTIONS if one.by_part)
