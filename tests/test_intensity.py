"""Histograms, and matching against scikit-image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.exposure import match_histograms

from mammoflow import intensity, tone
from mammoflow.intensity import BRIGHTEST

PIXELS = st.lists(st.integers(1, 63), min_size=1, max_size=200).map(lambda values: np.array(values, np.uint16))


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_matching_is_scikit_images_on_the_foreground(bits):
    rng = np.random.default_rng(bits)
    source = rng.gamma(2.0, 2**bits / 10, 5000).clip(1, 2**bits - 1).astype(np.uint16)
    reference = rng.normal(2**bits / 2, 2**bits / 8, 4000).clip(1, 2**bits - 1).astype(np.uint16)
    counts = [np.bincount(values, minlength=2**bits) for values in (source, reference)]
    table = intensity.matching_table(counts[0], intensity.reference_of_histogram(counts[1]))
    expected = match_histograms(source, reference) * (BRIGHTEST / (2**bits - 1))
    np.testing.assert_array_equal(table[source], np.rint(expected).astype(np.uint16))


@given(PIXELS, PIXELS, st.sampled_from(["stored_range", "percentile"]))
def test_matching_after_a_tone_is_scikit_images_on_toned_pixels(source, reference, way):
    def toned(pixels):
        counts = np.bincount(pixels, minlength=64)
        return tone.of(counts, None, tone=way)[0], counts

    (source_tone, source_counts), (reference_tone, reference_counts) = toned(source), toned(reference)
    table = intensity.matching_table(
        tone.toned(source_counts, source_tone),
        intensity.reference_of_histogram(tone.toned(reference_counts, reference_tone)),
    )
    found = tone.compose(source_tone, table)[source]
    expected = match_histograms(source_tone[source], reference_tone[reference])
    np.testing.assert_array_equal(found, np.rint(expected).astype(np.uint16))


@given(st.lists(st.integers(0, 50), min_size=16, max_size=16).filter(lambda counts: sum(counts[1:]) > 0))
def test_tables_are_monotone(counts):
    source = np.array(counts)
    table = intensity.matching_table(source, intensity.mean_reference([source]))
    assert (np.diff(table.astype(int)) >= 0).all()


def test_a_picture_matched_to_itself_stays_within_a_grey_level():
    rng = np.random.default_rng(0)
    counts = np.bincount(rng.integers(1, 4096, 200_000), minlength=4096)
    table = intensity.matching_table(counts, intensity.mean_reference([counts]))
    assert np.abs(table[1:].astype(int) - tone.stored_range(4096)[1:]).max() < 257


def test_the_mean_reference_is_the_mean_of_quantiles():
    dark, bright = np.zeros(256, int), np.zeros(256, int)
    dark[50], bright[150] = 10, 10
    reference = intensity.mean_reference(iter([dark, bright]))
    np.testing.assert_allclose(reference.values, 100 * BRIGHTEST / 255)


def test_pooling_gives_classes_equal_weight():
    fatty, dense = np.array([0, 8, 2, 0]), np.array([0, 0, 1, 9])
    pooled = intensity.pooled([fatty, fatty, fatty, dense], ["a", "a", "a", "d"], pooling="class_weighted")
    np.testing.assert_allclose(pooled, [0, 0.4, 0.15, 0.45])


def test_plain_pooling_gives_pixels_equal_weight():
    fatty, dense = np.array([0, 8, 2, 0]), np.array([0, 0, 2, 18])
    pooled = intensity.pooled([fatty, fatty, fatty, dense], ["a", "a", "a", "d"], pooling="plain")
    np.testing.assert_allclose(pooled, [0, 24 / 50, 8 / 50, 18 / 50])


@pytest.mark.parametrize(("bits", "shape"), [(8, (40, 30)), (14, (300, 200)), (16, (300, 200))])
def test_a_histogram_counts_every_pixel_but_the_background(bits, shape):
    pixels = np.random.default_rng(bits).integers(0, 2**bits, shape).astype(np.uint16)
    expected = np.bincount(pixels.ravel(), minlength=2**bits)
    expected[0] = 0
    found = intensity.histogram(pixels, bits=bits)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, expected)


def test_a_histogram_is_exact_beyond_the_whole_numbers_of_32_bit_floats():
    pixels = np.full((4900, 5001), 9, np.uint16)
    assert intensity.histogram(pixels, bits=8)[9] == 4900 * 5001


def test_an_empty_histogram_is_refused():
    nothing = np.zeros(256, int)
    with pytest.raises(intensity.EmptyHistogram):
        intensity.reference_of_histogram(nothing)
    with pytest.raises(intensity.EmptyHistogram):
        intensity.matching_table(nothing, intensity.Reference(np.array([1.0]), np.array([1.0])))
    with pytest.raises(intensity.EmptyHistogram):
        intensity.mean_reference([])
    with pytest.raises(intensity.EmptyHistogram):
        intensity.pooled([], [], pooling="plain")
