"""PNG files with nothing in them but pixels: the chunks IHDR, IDAT and IEND."""

import struct
import zlib

import imagecodecs
import numpy as np
import numpy.typing as npt

SIGNATURE = b"\x89PNG\r\n\x1a\n"
UP = 2  # the filter that stores each byte's difference from the one above it
# Of libdeflate. Level 1 is the fastest; further levels cost more than they save.
LEVEL = 1


def encode(pixels: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]) -> bytes:
    """A grey PNG of (rows, columns) uint8 or uint16, without loss; the same bytes for the same pixels."""
    rows, columns = pixels.shape
    bits = 8 * pixels.dtype.itemsize
    # PNG stores the high byte first.
    samples = pixels.astype(f">u{pixels.dtype.itemsize}").view(np.uint8)
    lines = np.empty((rows, samples.shape[1] + 1), np.uint8)
    lines[:, 0] = UP
    lines[0, 1:] = samples[0]
    np.subtract(samples[1:], samples[:-1], out=lines[1:, 1:])
    data = imagecodecs.deflate_encode(lines.tobytes(), level=LEVEL, raw=False)
    header = struct.pack(">IIBBBBB", columns, rows, bits, 0, 0, 0, 0)  # grey, deflate, adaptive filters, not interlaced
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", bytes(data)) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
