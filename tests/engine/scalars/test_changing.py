from dataclasses import FrozenInstanceError, replace

import pytest

from engine.scalars.changing import changed
from engine.scalars.runner import RunnerFacts


def test_it_is_what_replace_makes():
    facts = RunnerFacts(runners=2, t=5.0)
    assert changed(facts, runners=3, failed="no") == replace(facts, runners=3, failed="no")
    assert facts == RunnerFacts(runners=2, t=5.0)


def test_it_is_frozen_and_knows_its_fields():
    twin = changed(RunnerFacts(), runners=1)
    with pytest.raises(FrozenInstanceError):
        twin.runners = 2
    with pytest.raises(TypeError, match=r"\['runer'\]"):
        changed(RunnerFacts(), runer=None)
