"""Stored values of an image file, brought to unsigned integers with a dark background."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset
from pydicom.pixels import get_decoder

from mammoflow.dicom.headers import Refused

MOST_PIXELS = 64_000_000


@dataclass(frozen=True)
class Decoded:
    """(rows, columns) uint16 with values below 2**bits, dark background, and what decoded it."""

    pixels: npt.NDArray[np.uint16]
    bits: int
    decoder: str


def check_size(header: Dataset) -> None:
    """Refuse, before any pixel is touched, what cannot be a mammogram."""
    if int(header.Rows) * int(header.Columns) > MOST_PIXELS:
        raise Refused("quarantined", "too_large")
    if not 0 < int(header.BitsStored) <= int(header.BitsAllocated) or int(header.BitsAllocated) not in (8, 16):
        raise Refused("quarantined", "bad_header")
    if str(header.get("PhotometricInterpretation")) not in ("MONOCHROME1", "MONOCHROME2"):
        raise Refused("excluded", "not_monochrome")


def decode(path: Path) -> Decoded:
    """Decode a DICOM file's one frame.

    Values are stored values: no modality or VOI lookup, because matching needs the full range. MONOCHROME1 is
    inverted and signed values are shifted, both without loss.

    Raises
    ------
    Refused
        If the pixels cannot be decoded, or are not what the header says.
    """
    dataset = pydicom.dcmread(path)
    if "PixelData" not in dataset:
        raise Refused("quarantined", "truncated")
    syntax = dataset.file_meta.TransferSyntaxUID
    plugin = _plugin(syntax)
    try:
        array = get_decoder(syntax).as_array(dataset, raw=True, decoding_plugin=plugin)[0]
    except (ValueError, RuntimeError, TypeError, AttributeError, EOFError, IndexError):
        raise Refused("quarantined", "truncated" if not syntax.is_compressed else "decode_error") from None
    if array.shape != (int(dataset.Rows), int(dataset.Columns)):
        raise Refused("quarantined", "dims_mismatch")
    return Decoded(_dark_background(array, dataset), int(dataset.BitsStored), f"pydicom {plugin}".strip())


def decode_picture(path: Path) -> Decoded:
    """Read a JPEG, PNG or TIFF file; colours, which mammograms do not have, become grey."""
    pixels = cv2.imdecode(np.fromfile(path, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise Refused("quarantined", "decode_error")
    if pixels.dtype not in (np.uint8, np.uint16):
        raise Refused("quarantined", "bad_header")
    if pixels.shape[0] * pixels.shape[1] > MOST_PIXELS:
        raise Refused("quarantined", "too_large")
    if pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels[..., :3], cv2.COLOR_BGR2GRAY)
    return Decoded(pixels.astype(np.uint16), 8 * pixels.dtype.itemsize, "opencv")


def _plugin(syntax: pydicom.uid.UID) -> str:
    """The plug-in to decode with, named, so that what is installed beside it changes nothing."""
    if not syntax.is_compressed:
        return ""
    available = get_decoder(syntax).available_plugins
    if not available:
        raise Refused("quarantined", "no_decoder")
    # pydicom's own RLE decoder is seven times slower, and Pillow's JPEG takes 8 bits only.
    return "pylibjpeg" if "pylibjpeg" in available else available[0]


def _dark_background(array: npt.NDArray[np.integer], dataset: Dataset) -> npt.NDArray[np.uint16]:
    bits = int(dataset.BitsStored)
    mask = 2**bits - 1
    if int(dataset.PixelRepresentation) == 1:
        values = array.astype(np.int32)
        # Bits above the stored ones may hold anything: they are cut, and the sign taken from the stored ones.
        values = ((values & mask) ^ (1 << (bits - 1))).astype(np.uint16)
    else:
        values = (array & mask).astype(np.uint16)
    return (mask - values).astype(np.uint16) if dataset.PhotometricInterpretation == "MONOCHROME1" else values
