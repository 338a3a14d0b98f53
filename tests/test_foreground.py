"""The foreground on pictures with known breasts: noise, labels, frames, padding, and real mammograms."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from mammoflow import foreground

ROWS, COLUMNS = 640, 512


def half_disc(rows=ROWS, columns=COLUMNS):
    """A breast at the left wall."""
    y, x = np.mgrid[:rows, :columns]
    return (x / columns) ** 2 + ((y - rows / 2) / (rows / 2.2)) ** 2 < 0.6


def film(inside, *, air=0, noise=0.0, seed=0, fat=1200, dense=3000):
    """A picture of 12 bits with this breast; air and tissue are noisy."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: inside.shape[0], : inside.shape[1]]
    tissue = np.where((x // 40 + y // 40) % 3 == 0, dense, fat)
    values = np.where(inside, tissue, air) + noise * rng.standard_normal(inside.shape)
    return np.clip(np.rint(values), 0, 4095).astype(np.uint16)


def find(pixels):
    """The foreground at the size of the picture."""
    box, inside = foreground.find(pixels)
    whole = np.zeros(pixels.shape, bool)
    whole[box] = inside
    return whole


def agreement(pixels, inside):
    """Overlap of the foreground found with the true one: intersection over union."""
    found = find(pixels)
    assert found.shape == pixels.shape
    return (found & inside).sum() / (found | inside).sum()


@pytest.mark.parametrize(("air", "noise"), [(0, 0), (0, 20), (200, 40), (500, 60), (60, 120)])
def test_breast_in_clean_and_in_noisy_air(air, noise):
    inside = half_disc()
    assert agreement(film(inside, air=air, noise=noise), inside) > 0.97


def test_markers_and_labels_stay_out():
    inside = half_disc()
    pixels = film(inside, noise=10)
    pixels[20:60, 400:500] = 4095
    pixels[600:620, 300:500:7] = 4095
    found = find(pixels)
    assert not found[20:60, 400:500].any()
    assert not found[600:620, 300:500].any()
    assert agreement(pixels, inside) > 0.97


def test_a_label_tied_to_the_breast_by_a_scratch_stays_out():
    inside = half_disc()
    pixels = film(inside)
    pixels[100:140, 440:500] = 4095
    pixels[120, 200:440] = 4095
    found = find(pixels)
    assert not found[100:140, 445:500].any()


@pytest.mark.parametrize("sides", ["all", "right", "top and bottom"])
def test_a_white_frame_around_a_film_is_no_breast(sides):
    inside = half_disc()
    pixels = film(inside, air=300, noise=30)
    if sides in ("all", "top and bottom"):
        pixels[:25] = pixels[-25:] = 4095
        inside[:25] = inside[-25:] = False
    if sides in ("all", "right"):
        pixels[:, -25:] = 4090
    if sides == "all":
        pixels[:, :25] = 4095
        inside[:, :25] = False
    assert agreement(pixels, inside) > 0.95


def test_a_tilted_frame_goes_whole():
    inside = half_disc()
    pixels = film(inside, air=300, noise=30)
    y, x = np.mgrid[:ROWS, :COLUMNS]
    frame = (y < 15 + 0.05 * x) | (x > COLUMNS - 15 - 0.04 * y)
    pixels[frame] = 4095
    assert agreement(pixels, inside & ~frame) > 0.95


def test_black_padding_beside_air_that_is_not_black():
    inside = half_disc()
    pixels = film(inside, air=400, noise=15)
    pixels[:, 430:] = 0
    inside[:, 430:] = False
    assert agreement(pixels, inside) > 0.95


def test_a_breast_that_touches_three_borders():
    y, x = np.mgrid[:ROWS, :COLUMNS]
    inside = x < 400 + 60 * np.cos(6 * y / ROWS)
    assert agreement(film(inside, noise=10), inside) > 0.97


def test_dark_holes_are_breast_and_zero_is_not_cut_out_as_anything_else():
    inside = half_disc()
    pixels = film(inside, fat=1200, dense=1300)
    pixels[300:310, 100:110] = 20
    pixels[330:334, 100:104] = 0
    part, box = foreground.cut_out(pixels)
    cut = np.zeros_like(pixels)
    cut[box] = part
    assert (cut[300:310, 100:110] == 20).all()
    assert (cut[330:334, 100:104] == 0).all()
    assert (cut[~find(pixels)] == 0).all()
    np.testing.assert_array_equal(cut[find(pixels)], pixels[find(pixels)])
    assert part.size < 0.8 * pixels.size


@pytest.mark.parametrize("shape", [(96, 80), (1, 50), (50, 1), (401, 399), (799, 801), (1603, 1207), (2600, 33)])
def test_any_size(shape):
    inside = np.zeros(shape, bool)
    inside[: max(1, shape[0] * 2 // 3), : max(1, shape[1] // 2)] = True
    if min(shape) < 3:
        with pytest.raises(foreground.EmptyForeground):
            find(np.full(shape, 7, np.uint16))
        return
    assert agreement(np.where(inside, 2000, 5).astype(np.uint16), inside) > 0.9


@pytest.mark.parametrize("level", [0, 7, 4095, 65535])
def test_a_constant_picture_has_none(level):
    with pytest.raises(foreground.EmptyForeground):
        find(np.full((50, 50), level, np.uint16))


def test_a_speck_is_none():
    pixels = np.zeros((500, 500), np.uint16)
    pixels[10:30, 10:30] = 3000
    with pytest.raises(foreground.EmptyForeground):
        find(pixels)


def test_pictures_of_8_bits_widened_to_16():
    inside = half_disc()
    assert agreement((film(inside, noise=10) >> 4).astype(np.uint16), inside) > 0.97


DATA = os.environ.get("MAMMOFLOW_DATA")


@pytest.mark.skipif(not DATA, reason="MAMMOFLOW_DATA is not set")
class TestRealMammograms:
    def test_full_field_mammograms(self):
        files = sorted((Path(DATA) / "monai_density").glob("*.jpg"))
        assert len(files) == 16
        for file in files:
            pixels = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE).astype(np.uint16)
            found = find(pixels)
            assert 0.12 < found.mean() < 0.7, file.name
            # Each of them has a label in the upper outer corner: bright pixels away from the breast.
            away = cv2.dilate(found.astype(np.uint8), np.ones((25, 25), np.uint8)) == 0
            lit = (pixels > 128) & away
            if file.name != "D1.jpg":
                assert lit.any(), file.name
            # The outline is one piece without holes.
            assert cv2.connectedComponents(found.astype(np.uint8), connectivity=4)[0] == 2, file.name

    def test_contrast_mammograms(self):
        for file in sorted((Path(DATA) / "cdd_cesm").glob("*/*.png")):
            pixels = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE).astype(np.uint16)
            assert 0.3 < find(pixels).mean() < 0.95, file.name
