"""A child that crashes, hangs or eats memory costs its own call and no other."""

import faulthandler
import mmap
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
    if what == "raise":
        raise OSError(28, "No space left on device")
    if what == "print":
        os.write(2, b"what a decoder in C prints")
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


def test_an_error_is_the_callers(guarded):
    with pytest.raises(OSError, match="No space left"):
        guarded("raise")
    assert guarded("still here") == "still here"


def test_what_decoders_print_is_not_shown(guarded, capfd):
    guarded("print")
    assert capfd.readouterr().err == ""


def test_memory_is_bounded(guarded):
    assert guarded("eat") == "refused"


def test_what_the_parent_holds_does_not_count():
    held = mmap.mmap(-1, 8 * 2**30, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
    with held, Guard(np.ones, seconds=5.0, gigabytes=1) as guard:
        assert guard(2**20).sum() == 2**20
