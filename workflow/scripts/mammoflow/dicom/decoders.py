"""Decoders of compressed pixels: imagecodecs, whose decoders are the fastest, then pydicom's plug-ins.

A plug-in is asked only where imagecodecs is not installed, or was built without the codec. Where imagecodecs refuses a
stream nothing else is asked: other decoders make a picture of streams that are broken.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.pixels import get_decoder

from mammoflow.dicom.refusals import Refused, refusing
from mammoflow.dicom.stored import Layout
from mammoflow.dicom.syntaxes import Syntax

CODECS: ModuleType | None
try:
    import imagecodecs
except ImportError:  # pydicom's plug-ins are slower, and do
    CODECS = None
else:
    CODECS = imagecodecs

Raw = npt.NDArray[np.integer]

# What brings a missing decoder.
REMEDY = "pip install imagecodecs"


def decode(stream: memoryview, syntax: Syntax, layout: Layout) -> tuple[Raw, str]:
    """Pixels of a whole stream, and what decoded them.

    Raises
    ------
    Refused
        If nothing that is installed decodes this syntax, or the decoder refuses the stream.
    """
    fast = _fast(syntax)
    if fast is not None:
        name, read = fast
        with refusing("decode_error"):
            return read(CODECS, stream, layout), f"imagecodecs {name}"
    plugin = _plugin(syntax)
    if plugin is None:
        raise Refused("quarantined", "no_decoder", REMEDY if syntax.codec in _FAST else f"transfer syntax {syntax.uid}")
    with refusing("decode_error"):
        return _by_plugin(stream, syntax, layout, plugin), f"pydicom {plugin}"


def name_of(syntax: Syntax) -> str:
    """What decodes a compressed syntax on this machine; "" where nothing does."""
    fast = _fast(syntax)
    plugin = _plugin(syntax)
    return f"imagecodecs {fast[0]}" if fast else f"pydicom {plugin}" if plugin else ""


def _rle(codecs: ModuleType, stream: memoryview, layout: Layout) -> Raw:
    kind = np.dtype(f"<u{layout.bits_allocated // 8}")
    return np.frombuffer(codecs.dicomrle_decode(stream, kind), kind).reshape(layout.rows, layout.columns)


def _jpeg(codecs: ModuleType, stream: memoryview, _: Layout) -> Raw:
    return codecs.jpeg8_decode(stream)


def _jpegls(codecs: ModuleType, stream: memoryview, _: Layout) -> Raw:
    return codecs.jpegls_decode(stream)


def _jpeg2000(codecs: ModuleType, stream: memoryview, _: Layout) -> Raw:
    return codecs.jpeg2k_decode(stream, numthreads=1)


def _htj2k(codecs: ModuleType, stream: memoryview, _: Layout) -> Raw:
    return codecs.htj2k_decode(stream)


_FAST: dict[str, tuple[str, Callable[[Any, memoryview, Layout], Raw]]] = {
    "rle": ("dicomrle", _rle),
    "jpeg": ("jpeg8", _jpeg),
    "jpegls": ("jpegls", _jpegls),
    "jpeg2000": ("jpeg2k", _jpeg2000),
    "htj2k": ("htj2k", _htj2k),
}


def _fast(syntax: Syntax) -> tuple[str, Callable[[Any, memoryview, Layout], Raw]] | None:
    """The codec of imagecodecs, where it is there."""
    fast = _FAST.get(syntax.codec)
    return fast if fast and CODECS is not None and getattr(CODECS, fast[0].upper()).available else None


def _plugin(syntax: Syntax) -> str | None:
    """The plug-in to decode with, named, so that what is installed beside it changes nothing."""
    try:
        available = get_decoder(syntax.uid).available_plugins
    except NotImplementedError:
        return None
    # pydicom's own RLE decoder is seven times slower, and Pillow's JPEG takes 8 bits only.
    return "pylibjpeg" if "pylibjpeg" in available else next(iter(available), None)


def _by_plugin(stream: memoryview, syntax: Syntax, layout: Layout, plugin: str) -> Raw:
    """Decode one frame as pydicom does, which wants it encapsulated."""
    padded = bytes(stream) + b"\0" * (len(stream) % 2)
    items = b"\xfe\xff\x00\xe0\0\0\0\0" + b"\xfe\xff\x00\xe0" + len(padded).to_bytes(4, "little") + padded
    pixels, _ = get_decoder(syntax.uid).as_array(
        items,
        raw=True,
        decoding_plugin=plugin,
        transfer_syntax_uid=syntax.uid,
        rows=layout.rows,
        columns=layout.columns,
        number_of_frames=1,
        samples_per_pixel=1,
        photometric_interpretation="MONOCHROME2",
        bits_allocated=layout.bits_allocated,
        bits_stored=layout.bits,
        pixel_representation=int(layout.signed),
        pixel_keyword="PixelData",
    )
    return pixels
