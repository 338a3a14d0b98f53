"""A child that crashes, hangs or eats memory costs its own call and no other."""

import faulthandler
import os
import time

import numpy as np
import pytest

from mammoflow.guard import Died, Guard


def behave(what):
    if what == "crash":
        faulthandler.disable()  # pytest's would print this child's whole state
        os.abort()
    if what == "hang":
        time.sleep(60)
    if what == "eat":
        try:
            np.ones(8 * 2**30, dtype=np.uint8)
        except MemoryError:
            return "refused"
    return what


@pytest.fixture
def guarded():
    with Guard(behave, seconds=5.0, gigabytes=4) as guard:
        yield guard


def test_results_come_back(guarded):
    assert [guarded(what) for what in ("one", "two")] == ["one", "two"]


@pytest.mark.parametrize(("what", "reason"), [("crash", "decoder_crash"), ("hang", "decoder_timeout")])
def test_the_next_call_goes_on_after_a_death(guarded, what, reason):
    with pytest.raises(Died) as death:
        guarded(what)
    assert death.value.reason == reason
    assert guarded("still here") == "still here"


def test_memory_is_bounded(guarded):
    assert guarded("eat") == "refused"
