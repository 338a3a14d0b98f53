"""Tone: three ways to one scale, and what falls back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mammoflow import intensity, tone

COUNTS = st.lists(st.integers(0, 50), min_size=16, max_size=16).map(np.array)


def test_stored_range_spans_the_common_scale():
    table = tone.stored_range(1024)
    assert (table[0], table[-1], len(table), table.dtype) == (0, intensity.BRIGHTEST, 1024, np.uint16)


def test_percentile_puts_the_middle_99_percent_on_the_scale():
    counts = np.zeros(1024, np.int64)
    counts[100:300] = 10
    counts[[1, 1023]] = 5  # each a quarter of a percent
    table = tone.percentile(counts)
    assert (table[100], table[299]) == (0, 65535)
    assert (table[:100] == 0).all()
    assert (table[299:] == 65535).all()
    assert table[200] == pytest.approx(65535 * 100 / 198, abs=400)
    assert np.ptp(np.diff(table[101:298].astype(int))) <= 1  # linear between


@given(COUNTS)
def test_percentile_is_monotone_whatever_the_histogram(counts):
    table = tone.percentile(counts)
    assert (np.diff(table.astype(int)) >= 0).all()
    assert (table[0], table[-1]) == (0, 65535)


def test_one_grey_level_falls_back_to_the_stored_range():
    counts = np.zeros(256, np.int64)
    counts[9] = 100
    np.testing.assert_array_equal(tone.percentile(counts), tone.stored_range(256))


def test_of_says_which_tone_it_is():
    counts, voi = np.ones(256, np.int64), np.full(256, 5, np.uint16)
    assert tone.of(counts, voi, tone="voi") == (voi, "voi")
    table, used = tone.of(counts, None, tone="voi")
    np.testing.assert_array_equal(table, tone.stored_range(256))
    assert used == "stored_range"
    assert tone.of(counts, voi, tone="stored_range")[1] == "stored_range"
    assert tone.of(counts, voi, tone="percentile")[1] == "percentile"


@given(COUNTS, st.lists(st.integers(0, 65535), min_size=16, max_size=16))
def test_a_toned_histogram_counts_toned_pixels(counts, table):
    table = np.array(table, np.uint16)
    pixels = np.repeat(np.arange(16), counts)
    np.testing.assert_array_equal(tone.toned(counts, table), np.bincount(table[pixels], minlength=65536))


def test_composition_is_one_lookup_with_a_black_background():
    first, then = np.array([3, 1, 2], np.uint16), np.array([10, 20, 30, 40], np.uint16)
    np.testing.assert_array_equal(tone.compose(first, then), [0, 20, 30])
