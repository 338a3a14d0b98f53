"""Matching against scikit-image, and the foreground on pictures with known breasts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.exposure import match_histograms

from mammoflow import intensity


def breast(rng, *, bits=12, rows=96, columns=80):
    """A picture whose foreground is the left half-disc, brighter than the noise around it."""
    y, x = np.mgrid[:rows, :columns]
    inside = (x / columns) ** 2 + ((y - rows / 2) / (rows / 2.2)) ** 2 < 0.8
    top = 2**bits - 1
    pixels = rng.integers(0, max(2, top // 100), (rows, columns))
    pixels[inside] = rng.integers(top // 5, top, inside.sum())
    return pixels.astype(np.uint16), inside


@pytest.mark.parametrize("bits", [8, 10, 12, 14])
def test_matching_is_scikit_images_on_the_foreground(bits):
    rng = np.random.default_rng(bits)
    source = rng.gamma(2.0, 2**bits / 10, 5000).clip(1, 2**bits - 1).astype(np.uint16)
    reference = rng.normal(2**bits / 2, 2**bits / 8, 4000).clip(1, 2**bits - 1).astype(np.uint16)
    counts = [np.bincount(values, minlength=2**bits) for values in (source, reference)]
    table = intensity.matching_table(counts[0], intensity.reference_of_histogram(counts[1]))
    expected = match_histograms(source, reference) * (intensity.BRIGHTEST / (2**bits - 1))
    np.testing.assert_array_equal(table[source], np.rint(expected).astype(np.uint16))


@given(st.lists(st.integers(0, 50), min_size=16, max_size=16).filter(lambda counts: sum(counts[1:]) > 0))
def test_tables_are_monotone_and_keep_background(counts):
    source = np.array(counts)
    table = intensity.matching_table(source, intensity.mean_reference([source]))
    assert table[0] == 0
    assert (np.diff(table[1:].astype(int)) >= 0).all()


def test_a_picture_matched_to_itself_stays_within_a_grey_level():
    rng = np.random.default_rng(0)
    counts = np.bincount(rng.integers(1, 4096, 200_000), minlength=4096)
    table = intensity.matching_table(counts, intensity.mean_reference([counts]))
    assert np.abs(table[1:].astype(int) - intensity.stored_range(12)[1:]).max() < 257


def test_the_mean_reference_is_the_mean_of_quantiles():
    dark, bright = np.zeros(256, int), np.zeros(256, int)
    dark[50], bright[150] = 10, 10
    reference = intensity.mean_reference([dark, bright])
    np.testing.assert_allclose(reference.values, 100 * intensity.BRIGHTEST / 255)


def test_pooling_gives_classes_equal_weight():
    fatty, dense = np.array([0, 8, 2, 0]), np.array([0, 0, 1, 9])
    pooled = intensity.pooled([fatty, fatty, fatty, dense], ["a", "a", "a", "d"])
    np.testing.assert_allclose(pooled, [0, 0.4, 0.15, 0.45])


def test_stored_range_spans_the_common_scale():
    table = intensity.stored_range(10)
    assert (table[0], table[-1], len(table)) == (0, intensity.BRIGHTEST, 1024)


def test_foreground_is_the_breast_without_markers():
    pixels, inside = breast(np.random.default_rng(1))
    pixels[2:8, 70:78] = 4000
    found = intensity.foreground(pixels)
    assert not found[2:8, 70:78].any()
    assert (found == inside).mean() > 0.98


def test_foreground_keeps_dark_holes_but_no_zero():
    pixels = np.zeros((60, 60), np.uint16)
    pixels[10:50, 10:50] = 1000
    pixels[20:25, 20:25] = 3
    pixels[30:32, 30:32] = 0
    found = intensity.foreground(pixels)
    assert found[22, 22]
    assert not found[31, 31]


@pytest.mark.parametrize("level", [0, 7, 4095])
def test_a_constant_picture_has_no_foreground(level):
    with pytest.raises(intensity.EmptyForeground):
        intensity.foreground(np.full((50, 50), level, np.uint16))


def test_an_empty_histogram_is_refused():
    nothing = np.zeros(256, int)
    with pytest.raises(intensity.EmptyForeground):
        intensity.reference_of_histogram(nothing)
    with pytest.raises(intensity.EmptyForeground):
        intensity.matching_table(nothing, intensity.Reference(np.array([1.0]), np.array([1.0])))
