"""PNGs as a recipe draws them: crop, side, aspect, bits, and what the accounts say of each."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mammoflow import drawing, export, intensity, matching, pictures, tables, tone
from mammoflow.pictures import Picture
from mammoflow.recipes import Recipe

PLAIN = Recipe(tone="stored_range", matching="none", crop="none", longest_side=64)


def picture(*, bits=12, voi=None, right=False):
    """A breast of 48 by 40 pixels at one side of a picture of 64 by 48."""
    pixels = np.zeros((64, 48), np.uint16)
    pixels[8:56, :40] = np.random.default_rng(0).integers(1, 2**bits, (48, 40))
    pixels = np.ascontiguousarray(pixels[:, ::-1]) if right else pixels
    return Picture(pixels, intensity.histogram(pixels, bits=bits), voi)


def render(one, **settings):
    return drawing.render(one, matching.without_tables(replace(PLAIN, **settings)), "")


def test_cropping_and_shrinking():
    assert render(picture(), crop="breast").shape == (48, 40)
    assert render(picture(), longest_side=32).shape == (32, 24)
    assert render(picture(), longest_side=400).shape == (64, 48)


def test_the_crop_is_the_breasts_even_where_the_tone_makes_it_black():
    black = np.zeros(4096, np.uint16)
    assert render(picture(voi=black), tone="voi", crop="breast").shape == (48, 40)


def test_squashed_pictures_are_squares():
    for side in (16, 48, 100):
        assert render(picture(), aspect="squash", longest_side=side).shape == (side, side)


def test_the_wall_comes_to_the_left_whichever_side_it_was_at():
    left, right = picture(), picture(right=True)
    np.testing.assert_array_equal(render(left, orientation="left"), render(left))
    np.testing.assert_array_equal(render(right, orientation="left"), render(left))
    np.testing.assert_array_equal(render(right, orientation="left", crop="breast"), render(left, crop="breast"))
    assert (render(right) != render(left)).any()


def test_clahe_leaves_the_background_black():
    found = render(picture(), matching="clahe", clip=2.0, tiles=4)
    assert (found[pictures.resize(picture().pixels, found.shape) == 0] == 0).all()
    assert (found != render(picture())).any()


@given(st.integers(0, 65535))
def test_eight_bits_are_rounded(value):
    assert drawing.to_eight_bits(np.array([[value]], np.uint16))[0, 0] == round(value / 257)


SHAPES = st.tuples(st.integers(1, 70), st.integers(1, 70))


@given(SHAPES, SHAPES, st.integers(0, 65535))
def test_resizing_keeps_a_constant(old, new, value):
    found = pictures.resize(np.full(old, value, np.uint16), new)
    assert found.shape == new
    assert (found == value).all()


@pytest.mark.parametrize("by", [2, 3, 8])
def test_shrinking_by_a_whole_number_averages_blocks(by):
    pixels = np.random.default_rng(by).integers(0, 65536, (24 * by, 16 * by)).astype(np.uint16)
    expected = pixels.reshape(24, by, 16, by).mean(axis=(1, 3))
    assert np.abs(pictures.resize(pixels, (24, 16)) - expected).max() <= 0.5


def test_shrinking_is_the_average_over_area_within_the_noise():
    rng = np.random.default_rng(0)
    smooth = cv2.resize(rng.random((12, 9)).astype(np.float32), (640, 832), interpolation=cv2.INTER_CUBIC)
    pixels = (smooth * 20000 + 20000 + 300 * rng.standard_normal(smooth.shape)).astype(np.uint16)
    found = pictures.shrink(pixels, 512).astype(int)
    expected = cv2.resize(pixels, found.shape[::-1], interpolation=cv2.INTER_AREA)
    assert (found - expected).std() < 100
    assert abs((found - expected).mean()) < 2


@given(
    shape=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    cut=st.tuples(*[st.floats(0, 1)] * 4),
    longest_side=st.integers(1, 320),
)
def test_a_part_is_shrunk_into_its_place(shape, cut, longest_side):
    ends = [sorted((round(a * (n - 1)), round(b * (n - 1)))) for n, a, b in zip(shape, cut[:2], cut[2:], strict=True)]
    place = tuple(slice(first, last + 1) for first, last in ends)
    pixels = np.zeros(shape, np.uint16)
    pixels[place] = 1000
    part, frame = pictures.shrink_part(pixels[place], place, shape, longest_side)
    found = Picture(part, np.zeros(4096, np.int64), None, frame).whole()
    expected = pictures.shrink(pixels, longest_side)
    assert found.shape == expected.shape
    scale = [new / old for new, old in zip(found.shape, shape, strict=True)]
    for axis, side in enumerate(place):
        lines = np.flatnonzero(found.any(axis=1 - axis))
        assert abs(lines[0] - side.start * scale[axis]) <= 1.5
        assert abs(lines[-1] + 1 - side.stop * scale[axis]) <= 1.5
    if max(shape) <= longest_side:
        np.testing.assert_array_equal(found, pixels)


@pytest.fixture
def written(tmp_path):
    def write(one, **settings):
        recipe = replace(PLAIN, **settings)
        pictures.save(one, tmp_path / "work/p.safetensors", {})
        folder = tmp_path / "png"
        folder.mkdir(exist_ok=True)
        (folder / "stale.png").write_bytes(b"")
        images = tables.frame_of(
            [{"image_id": "i", "file_id": "f", "status": "accepted", "picture": "p.safetensors", "device": "x"}],
            tables.IMAGES,
        )
        fitted = matching.without_tables(recipe)
        pngs = export.export(images, fitted, work=tmp_path / "work", folder=folder, progress=lambda rows: rows)
        assert [path.name for path in folder.iterdir()] == ["i.png"]
        tables.write(pngs, tmp_path / "pngs.tsv", tables.PNGS)
        return pngs.iloc[0]

    return write


def test_pngs_hold_the_intensities_and_stale_ones_go(written):
    row = written(picture())
    with Image.open(row["file"]) as image:
        assert (image.mode, image.info) == ("L", {})
        expected = np.rint(tone.stored_range(4096)[picture().pixels] / 257)
        np.testing.assert_array_equal(np.asarray(image), expected)


def test_pngs_of_sixteen_bits(written):
    row = written(picture(), bits=16)
    pixels = cv2.imread(row["file"], cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(pixels, tone.stored_range(4096)[picture().pixels])


def test_the_index_says_which_tone_and_matching_a_png_was_made_with(written):
    window = np.full(4096, 9, np.uint16)
    assert written(picture(voi=window), tone="voi")[["tone", "matching"]].tolist() == ["voi", "none"]
    assert written(picture(), tone="voi")["tone"] == "stored_range"
    assert written(picture(), matching="clahe")["matching"] == "clahe"


def test_a_square_keeps_the_aspect():
    framed = pictures.square(np.full((100, 50), 200, np.uint8), 64)
    assert framed.shape == (64, 64)
    assert (framed[:, 16:48] == 200).all()
    assert (framed[:, :16] == 0).all()
    assert (framed[:, 48:] == 0).all()
