"""Compressed pixels before they are decoded: put together, held against their end marker and their own size.

Decoders hang on streams that were cut short, or return half a picture without a word; a stream that states another size
than the header makes them reserve whatever it says.
"""

import struct

from mammoflow.dicom.refusals import Refused

_ITEM, _END_OF_ITEMS = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
_UNDEFINED = 0xFFFFFFFF
_END_OF_IMAGE = b"\xff\xd9"
_START_OF_CODESTREAM = b"\xff\x4f\xff\x51"
# Padding after the last marker: one byte by the standard, some more by some writers.
_MOST_PADDING = 16
# Start-of-frame markers of JPEG and JPEG-LS; C4, C8 and CC are other things.
_FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}


def join(encapsulated: memoryview) -> memoryview:
    """The one frame of encapsulated pixel data: its fragments, after the table of offsets.

    Raises
    ------
    Refused
        If the file ends before the items do.
    """
    fragments, place = [], 0
    while encapsulated[place : place + 4] != _END_OF_ITEMS:
        if len(encapsulated) < place + 8:
            raise Refused("quarantined", "truncated")
        if encapsulated[place : place + 4] != _ITEM:
            raise Refused("quarantined", "decode_error")
        (length,) = struct.unpack("<I", encapsulated[place + 4 : place + 8])
        start, place = place + 8, place + 8 + length
        if length == _UNDEFINED or place > len(encapsulated):
            raise Refused("quarantined", "truncated")
        fragments.append(encapsulated[start:place])
    if len(fragments) < 2:
        raise Refused("quarantined", "truncated")
    return fragments[1] if len(fragments) == 2 else memoryview(b"".join(fragments[1:]))


def check(stream: memoryview, codec: str, shape: tuple[int, int]) -> None:
    """Refuse a stream that is not whole, or not of this many rows and columns.

    Raises
    ------
    Refused
        With the reason.
    """
    if codec == "rle":
        _check_rle(stream)
        return
    if not bytes(stream[-_MOST_PADDING:]).rstrip(b"\0\xff").endswith(_END_OF_IMAGE):
        raise Refused("quarantined", "truncated")
    try:
        stated = _size_of_jpeg2000(stream) if codec in ("jpeg2000", "htj2k") else _size_of_jpeg(stream)
    except (struct.error, IndexError):
        raise Refused("quarantined", "decode_error") from None
    if stated != shape:
        raise Refused("quarantined", "dims_mismatch")


def _check_rle(stream: memoryview) -> None:
    """RLE has no end marker, but says where its segments begin."""
    if len(stream) < 64:
        raise Refused("quarantined", "truncated")
    count, *offsets = struct.unpack("<16I", stream[:64])
    starts = offsets[:count]
    if count not in (1, 2) or starts[0] < 64 or starts != sorted(starts):
        raise Refused("quarantined", "decode_error")
    if starts[-1] >= len(stream):
        raise Refused("quarantined", "truncated")


def _size_of_jpeg(stream: memoryview) -> tuple[int, int]:
    """Rows and columns of the frame header, found by going from marker to marker."""
    place = 2
    while True:
        if stream[place] != 0xFF:
            raise Refused("quarantined", "decode_error")
        marker = stream[place + 1]
        if marker in _FRAMES:
            rows, columns = struct.unpack(">HH", stream[place + 5 : place + 9])
            return rows, columns
        if marker == 0xFF or marker in _WITHOUT_LENGTH:
            place += 1 if marker == 0xFF else 2
        else:
            place += 2 + struct.unpack(">H", stream[place + 2 : place + 4])[0]


def _size_of_jpeg2000(stream: memoryview) -> tuple[int, int]:
    """Rows and columns of the SIZ segment, which begins a codestream; some writers put a file's boxes before it."""
    start = bytes(stream[:4096]).find(_START_OF_CODESTREAM)
    if start < 0:
        raise Refused("quarantined", "decode_error")
    right, bottom, left, top = struct.unpack(">4I", stream[start + 8 : start + 24])
    return bottom - top, right - left
