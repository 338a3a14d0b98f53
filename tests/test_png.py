"""PNG files: read back by others, nothing but pixels in them, the same bytes each time."""

import io
import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from mammoflow import pictures, png

SHAPES = st.tuples(st.integers(1, 20), st.integers(1, 20))


def chunks(data):
    """Names of the chunks of a PNG."""
    place, found = len(png.SIGNATURE), []
    while place < len(data):
        length, name = struct.unpack(">I4s", data[place : place + 8])
        found.append(name)
        place += length + 12
    return found


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@given(st.data())
def test_others_read_back_what_was_written(dtype, data):
    pixels = data.draw(arrays(dtype, SHAPES))
    written = png.encode(pixels)
    np.testing.assert_array_equal(cv2.imdecode(np.frombuffer(written, np.uint8), cv2.IMREAD_UNCHANGED), pixels)
    with Image.open(io.BytesIO(written)) as image:
        image.load()
        assert image.info == {}
        np.testing.assert_array_equal(np.asarray(image), pixels)
    assert chunks(written) == [b"IHDR", b"IDAT", b"IEND"]
    assert png.encode(pixels) == written


def test_pixels_of_a_slice_are_written_as_they_stand():
    pixels = np.arange(200, dtype=np.uint16).reshape(10, 20)[::2, ::-3]
    np.testing.assert_array_equal(
        cv2.imdecode(np.frombuffer(png.encode(pixels), np.uint8), cv2.IMREAD_UNCHANGED), pixels
    )


def test_sixteen_bits_are_read_as_eight(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(png.encode(np.array([[0, 257, 65535, 128 * 257]], np.uint16)))
    np.testing.assert_array_equal(pictures.read_png(path), [[0, 1, 255, 128]])
