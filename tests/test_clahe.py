"""CLAHE against OpenCV's on 8 bits, and what the breast alone changes."""

import cv2
import numpy as np
import pytest

from mammoflow import clahe


def texture(shape=(256, 192), seed=0):
    """A smooth picture of the whole range."""
    rng = np.random.default_rng(seed)
    small = rng.random((8, 6)).astype(np.float32)
    smooth = cv2.resize(small, shape[::-1], interpolation=cv2.INTER_CUBIC) + 0.05 * rng.standard_normal(shape)
    return ((smooth - smooth.min()) / np.ptp(smooth) * 65535).astype(np.uint16)


@pytest.mark.parametrize(("clip", "tiles"), [(2.0, 8), (4.0, 4), (1.5, 2)])
def test_it_is_opencvs_where_all_is_breast(clip, tiles):
    # OpenCV gives the remainder of what it cut to the darkest bins, which shows where a tile has few pixels.
    pixels = texture((1024, 768))
    found = clahe.equalise(pixels, np.ones(pixels.shape, bool), clip=clip, tiles=tiles)
    expected = cv2.createCLAHE(clip, (tiles, tiles)).apply((pixels // 257).astype(np.uint8))
    # OpenCV gives each bin the share reached at its upper end, this interpolates within it.
    assert np.abs(found / 257 - expected).mean() < 2
    assert np.abs(found / 257 - expected).max() < 8


def test_background_is_black_and_enters_no_histogram():
    pixels = texture()
    inside = np.zeros(pixels.shape, bool)
    inside[:, :100] = True
    other = np.where(inside, pixels, 40_000).astype(np.uint16)
    found = clahe.equalise(pixels, inside, clip=2.0, tiles=8)
    assert (found[~inside] == 0).all()
    np.testing.assert_array_equal(found, clahe.equalise(other, inside, clip=2.0, tiles=8))


def test_more_clip_gives_more_contrast():
    flat = (20_000 + texture() // 16).astype(np.uint16)
    inside = np.ones(flat.shape, bool)
    spread = [clahe.equalise(flat, inside, clip=clip, tiles=4).std() for clip in (0.01, 1.0, 2.0, 8.0)]
    assert spread[0] == pytest.approx(flat.std(), rel=0.1)
    assert spread == sorted(spread)


def test_it_keeps_more_than_eight_bits():
    found = clahe.equalise(texture(), np.ones((256, 192), bool), clip=2.0, tiles=4)
    assert len(np.unique(found)) > 2000


@pytest.mark.parametrize("shape", [(16, 16), (5, 40), (17, 31)])
def test_pictures_smaller_than_their_tiles(shape):
    pixels = texture((64, 64))[: shape[0], : shape[1]]
    found = clahe.equalise(pixels, pixels > 0, clip=2.0, tiles=8)
    assert found.shape == shape
