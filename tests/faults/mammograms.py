"""Small DICOM mammograms in every transfer syntax, written by codecs that have nothing to do with our reading."""

import zlib

import imagecodecs
import numpy as np
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from rle.utils import encode_pixel_data

FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.2"
SHAPE = (120, 100)
NATIVE = (uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian)
ENCODERS = {
    uid.RLELossless: lambda pixels: _rle(pixels),
    uid.JPEGBaseline8Bit: lambda pixels: imagecodecs.jpeg8_encode(pixels, 95),
    uid.JPEGExtended12Bit: lambda pixels: imagecodecs.jpeg8_encode(pixels, 95, bitspersample=12),
    uid.JPEGLossless: lambda pixels: _lossless_jpeg(pixels, predictor=4),
    uid.JPEGLosslessSV1: lambda pixels: _lossless_jpeg(pixels, predictor=1),
    uid.JPEGLSLossless: imagecodecs.jpegls_encode,
    uid.JPEGLSNearLossless: lambda pixels: imagecodecs.jpegls_encode(pixels, 2),
    uid.JPEG2000Lossless: lambda pixels: imagecodecs.jpeg2k_encode(pixels, codecformat="j2k", reversible=True),
    uid.JPEG2000: lambda pixels: imagecodecs.jpeg2k_encode(pixels, 60, codecformat="j2k", reversible=False),
    uid.HTJ2KLossless: lambda pixels: imagecodecs.htj2k_encode(pixels, reversible=True),
    uid.HTJ2K: lambda pixels: imagecodecs.htj2k_encode(pixels, 0.001, reversible=False),
}
LOSSY = (uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit, uid.JPEGLSNearLossless, uid.JPEG2000, uid.HTJ2K)
SYNTAXES = (*NATIVE, uid.DeflatedExplicitVRLittleEndian, *ENCODERS)


def _rle(pixels):
    rows, columns = pixels.shape
    return encode_pixel_data(
        pixels.tobytes(), rows=rows, columns=columns, samples_per_pixel=1, number_of_frames=1,
        bits_allocated=8 * pixels.itemsize, byteorder="<",
    )  # fmt: skip


def _lossless_jpeg(pixels, *, predictor):
    bits = int(pixels.max()).bit_length()
    return imagecodecs.jpeg8_encode(pixels, lossless=True, predictor=predictor, bitspersample=max(2, bits))


def breast(rng, *, bits=12, shape=SHAPE):
    """Stored values of a bright half-disc on a dark background, smooth with some noise."""
    y, x = np.mgrid[: shape[0], : shape[1]] / np.array(shape).reshape(2, 1, 1)
    inside = x**2 + ((y - 0.5) / 0.46) ** 2 < 0.8
    top = 2**bits - 1
    values = top * (0.4 + 0.3 * np.sin(3 * x + rng.uniform(0, 6)) * np.cos(4 * y) + 0.02 * rng.standard_normal(shape))
    values = np.where(inside, np.clip(values, 0.05 * top, top), 0)
    # The highest value is there, so that a codec that counts bits finds all of them.
    values[shape[0] // 2, 0] = top
    return np.rint(values).astype(np.uint8 if bits <= 8 else np.uint16)


def header(number, *, bits=12, laterality="L", view="CC", patient=None):
    """Everything but the pixels of one image; its number makes its ids."""
    dataset = Dataset()
    dataset.SOPClassUID = FOR_PRESENTATION
    dataset.SOPInstanceUID = f"2.25.{1000 + number}"
    patient = number if patient is None else patient
    dataset.StudyInstanceUID = f"2.25.{500000 + patient}"
    dataset.PatientID, dataset.AccessionNumber, dataset.Modality = f"PID{patient}", f"ACC{patient}", "MG"
    dataset.PatientAge, dataset.StudyDate = "054Y", "20150317"
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    dataset.PresentationIntentType = "FOR PRESENTATION"
    dataset.ImageLaterality, dataset.ViewPosition = laterality, view
    dataset.Manufacturer, dataset.ManufacturerModelName = "Maker", "Model 1"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = 8 if bits <= 8 else 16
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = bits, bits - 1, 0
    return dataset


def with_pixels(dataset, pixels):
    """The data set with these pixels, uncompressed."""
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW"
    return dataset


def stream(pixels, syntax):
    """The compressed pixels alone."""
    return bytes(ENCODERS[syntax](np.ascontiguousarray(pixels)))


def encoded(dataset, syntax=uid.ExplicitVRLittleEndian, *, codestream=None, meta_syntax=None):
    """The bytes of a file; `codestream` takes the place of the compressed pixels, `meta_syntax` of what it says."""
    if syntax in ENCODERS or codestream is not None:
        if codestream is None:
            kind = np.uint8 if dataset.BitsAllocated == 8 else np.uint16
            pixels = np.frombuffer(dataset.PixelData, kind).reshape(dataset.Rows, dataset.Columns)
            codestream = stream(pixels, syntax)
        dataset.PixelData = encapsulate([codestream])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
    elif syntax == uid.ExplicitVRBigEndian and dataset.BitsAllocated == 16:
        dataset.PixelData = np.frombuffer(dataset.PixelData, np.uint16).byteswap().tobytes()
    if syntax == uid.DeflatedExplicitVRLittleEndian:
        return _meta(dataset, meta_syntax or syntax) + deflated(_body(dataset, uid.ExplicitVRLittleEndian))
    return _meta(dataset, meta_syntax or syntax) + _body(dataset, syntax)


def deflated(content):
    """As the deflated transfer syntax has it: without a header of zlib."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


def _body(dataset, syntax):
    buffer = _buffer(little=syntax != uid.ExplicitVRBigEndian, implicit=syntax == uid.ImplicitVRLittleEndian)
    write_dataset(buffer, dataset)
    return buffer.getvalue()


def _meta(dataset, syntax):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", FOR_PRESENTATION)
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "2.25.1")
    meta.TransferSyntaxUID = syntax
    meta.FileMetaInformationVersion = b"\0\1"
    buffer = _buffer(little=True, implicit=False)
    write_dataset(buffer, meta)
    body = buffer.getvalue()
    length = b"\x02\0\0\0UL\x04\0" + len(body).to_bytes(4, "little")
    return b"\0" * 128 + b"DICM" + length + body


def _buffer(*, little, implicit):
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = little, implicit
    return buffer


def good(number, syntax, *, rng, **changes):
    """A good file of this syntax, and its stored values on a dark background."""
    bits = 8 if syntax == uid.JPEGBaseline8Bit else 12
    pixels = breast(rng, bits=bits)
    dataset = with_pixels(header(number, bits=bits, **changes), pixels)
    return encoded(dataset, syntax), pixels
