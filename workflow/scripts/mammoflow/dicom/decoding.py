"""Stored values of an image file, brought to unsigned integers with a dark background."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from mammoflow.dicom import codestreams, decoders, stored, voi
from mammoflow.dicom.decoders import Raw
from mammoflow.dicom.elements import Elements
from mammoflow.dicom.refusals import Refused, refusing
from mammoflow.dicom.stored import MOST_PIXELS, Layout


@dataclass(frozen=True)
class Decoded:
    """An image as it was decoded.

    `pixels` are (rows, columns) uint16 with values below 2**bits on a dark background; `voi` leads from them to what
    the header's window shows, (2**bits,) uint16; `notes` are codes of what is worth knowing of them.
    """

    pixels: npt.NDArray[np.uint16]
    bits: int
    decoder: str
    voi: npt.NDArray[np.uint16] | None = None
    notes: tuple[str, ...] = ()


def decode(elements: Elements, layout: Layout) -> Decoded:
    """Decode the one frame of a DICOM file.

    Values are stored values: no modality or VOI lookup is applied, because matching needs the full range.

    Raises
    ------
    Refused
        If the pixels cannot be decoded, or are not what the header says.
    """
    if elements.pixels is None:
        raise Refused("quarantined", "truncated")
    if elements.encapsulated != (elements.syntax.codec != "native"):
        raise Refused("quarantined", "bad_header", "PixelData")
    if elements.encapsulated:
        raw, decoder = _decompressed(elements, layout)
    else:
        raw, decoder = _native(elements, layout), "numpy"
    if raw.shape != (layout.rows, layout.columns):
        raise Refused("quarantined", "dims_mismatch")
    if raw.dtype.kind not in "iu" or raw.dtype.itemsize > 2:
        raise Refused("quarantined", "bad_header", "BitsAllocated")
    lossy = elements.syntax.lossy
    table = voi.table(elements.header, layout, little=elements.syntax.little)
    flags = {
        "signed": layout.signed,
        "lossy": lossy,
        "high_bits": not layout.signed and not lossy and stored.exceeds(raw, layout),
        "voi_fallback": table is None and voi.is_stated(elements.header),
    }
    notes = tuple(code for code, holds in flags.items() if holds)
    return Decoded(stored.bring_to_dark(raw, layout, lossy=lossy), layout.bits, decoder, table, notes)


def decode_picture(content: bytes) -> Decoded:
    """Read a JPEG, PNG, TIFF or PGM file; colours, which mammograms do not have, become grey."""
    if not content:
        raise Refused("quarantined", "empty_file")
    with refusing("decode_error"):
        pixels = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise Refused("quarantined", "decode_error")
    if pixels.dtype not in (np.uint8, np.uint16):
        raise Refused("quarantined", "bad_header")
    if pixels.shape[0] * pixels.shape[1] > MOST_PIXELS:
        raise Refused("quarantined", "too_large")
    if pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels[..., :3], cv2.COLOR_BGR2GRAY)
    return Decoded(pixels.astype(np.uint16), 8 * pixels.dtype.itemsize, "opencv")


def _decompressed(elements: Elements, layout: Layout) -> tuple[Raw, str]:
    assert elements.pixels is not None
    if not elements.syntax.codec:
        raise Refused("quarantined", "no_decoder", f"transfer syntax {elements.syntax.uid}")
    stream = codestreams.join(elements.pixels)
    codestreams.check(stream, elements.syntax.codec, (layout.rows, layout.columns))
    return decoders.decode(stream, elements.syntax, layout)


def _native(elements: Elements, layout: Layout) -> Raw:
    """Uncompressed pixels, where they lie in the file if they lie there as this machine reads them."""
    assert elements.pixels is not None
    count, size = layout.rows * layout.columns, layout.bits_allocated // 8
    value = elements.pixels
    if len(value) < count * size:
        raise Refused("quarantined", "truncated")
    if len(value) > (count + layout.columns) * size:
        # Padding is less than a row: the size is not that of these pixels.
        raise Refused("quarantined", "dims_mismatch")
    kind = "i" if layout.signed else "u"
    if elements.syntax.little or (size == 1 and elements.pixels_vr != "OW"):
        raw = np.frombuffer(value, f"<{kind}{size}", count)
    else:
        # Words of two bytes, which hold two pixels where a pixel has one.
        words = np.frombuffer(value, ">u2", len(value) // 2).astype("<u2")
        raw = words.view(f"<{kind}{size}")[:count]
    return raw.reshape(layout.rows, layout.columns)
