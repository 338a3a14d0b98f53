"""A file for each fault of images, F01 to F29, with the status and the reason that it must get."""

from dataclasses import dataclass

import numpy as np
from pydicom import uid
from pydicom.dataset import Dataset

from tests.faults.mammograms import breast, deflated, encoded, header, stream, with_pixels

NATIVE = uid.ExplicitVRLittleEndian
PROCESSING = "1.2.840.10008.5.1.4.1.1.1.2.1"
TOMOSYNTHESIS = "1.2.840.10008.5.1.4.1.1.13.1.3"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
STRUCTURED_REPORT = "1.2.840.10008.5.1.4.1.1.88.33"


@dataclass(frozen=True)
class Fault:
    """A file and what becomes of it; `notes` are those that its row must hold."""

    name: str
    content: bytes
    status: str
    reason: str = ""
    notes: str = ""


def faults():
    """Every fault; names begin with the fault's own, and are in the order of the files."""
    number = 0

    def base(**changes):
        """An image of its own: header, pixels and generator."""
        nonlocal number
        number += 1
        rng = np.random.default_rng(number)
        dataset = with_pixels(header(10_000 + number), breast(rng))
        for tag, value in changes.items():
            setattr(dataset, tag, value)
        return dataset

    return [*_files(base), *_cut(base), *_sizes(base), *_headers(base), *_unwanted(base), *_views(base), *_twice(base)]


def _pixels(dataset):
    return np.frombuffer(dataset.PixelData, np.uint16).reshape(dataset.Rows, dataset.Columns)


def _files(base):
    whole = encoded(base())
    yield Fault("F01 empty.dcm", b"", "quarantined", "empty_file")
    yield Fault("F02 readme.dcm", b"All files of this folder\n" * 20, "quarantined", "not_dicom")
    yield Fault("F02 picture.dcm", stream(breast(np.random.default_rng(0), bits=8), uid.JPEGBaseline8Bit),
                "quarantined", "not_dicom")  # fmt: skip
    yield Fault("F03 no preamble.dcm", whole[132:], "quarantined", "no_preamble")
    yield Fault("F03 no meta.dcm", whole[whole.index(b"\x08\0\x08\0") :], "quarantined", "no_preamble")


def _cut(base):
    yield Fault("F04 native.dcm", encoded(base())[:-5000], "quarantined", "truncated")
    yield Fault("F04 header.dcm", encoded(base())[:700], "quarantined", "truncated")
    for syntax in (uid.JPEG2000Lossless, uid.JPEGLSLossless, uid.RLELossless, uid.JPEGLosslessSV1):
        whole = encoded(base(), syntax)
        yield Fault(f"F05 {syntax}.dcm", whole[: len(whole) * 6 // 10], "quarantined", "truncated")
    for fault, syntax in (("F08b", uid.JPEGLSLossless), ("F08c", uid.JPEGLosslessSV1), ("F08c", uid.HTJ2KLossless),
                          ("F08c", uid.JPEG2000Lossless), ("F08c", uid.JPEGExtended12Bit)):  # fmt: skip
        dataset = base()
        short = stream(_pixels(dataset), syntax)[:-200]
        yield Fault(f"{fault} {syntax}.dcm", encoded(dataset, syntax, codestream=short), "quarantined", "truncated")
    dataset = base()
    short = stream(_pixels(dataset), uid.RLELossless)[:-2000]
    content = encoded(dataset, uid.RLELossless, codestream=short)
    yield Fault("F08c rle.dcm", content, "quarantined", "decode_error")


def _sizes(base):
    for fault, syntax in (("F08", uid.JPEGLSLossless), ("F09", uid.JPEG2000Lossless), ("F09", uid.JPEGLosslessSV1),
                          ("F09", uid.HTJ2KLossless)):  # fmt: skip
        dataset = base()
        other = stream(_pixels(dataset), syntax)
        dataset.Columns = 90
        yield Fault(f"{fault} {syntax}.dcm", encoded(dataset, syntax, codestream=other), "quarantined", "dims_mismatch")
    yield Fault("F09 native.dcm", encoded(base(Columns=90)), "quarantined", "dims_mismatch")
    yield Fault("F10 native.dcm", encoded(base(Rows=65535, Columns=65535)), "quarantined", "too_large")
    dataset = base()
    small = stream(_pixels(dataset), uid.RLELossless)
    dataset.Rows = dataset.Columns = 60000
    yield Fault("F11 rle.dcm", encoded(dataset, uid.RLELossless, codestream=small), "quarantined", "too_large")
    dataset = base()
    claims = bytearray(stream(_pixels(dataset), uid.JPEG2000Lossless))
    claims[8:16] = (60000).to_bytes(4, "big") * 2
    content = encoded(dataset, uid.JPEG2000Lossless, codestream=bytes(claims))
    yield Fault("F11 jpeg 2000.dcm", content, "quarantined", "dims_mismatch")
    whole = encoded(base(), uid.DeflatedExplicitVRLittleEndian)
    start = whole.index(b"\x02\0\x10\0UI") + 8 + len(uid.DeflatedExplicitVRLittleEndian)
    bomb = whole[: start + start % 2] + deflated(bytes(200 * 2**20))
    yield Fault("F12 bomb.dcm", bomb, "quarantined", "too_large")
    yield Fault("F12 cut.dcm", whole[:-500], "quarantined", "truncated")


def _headers(base):
    yield Fault("F13 bits.dcm", encoded(base(BitsStored=20)), "quarantined", "bad_header")
    for tag in ("BitsStored", "PixelRepresentation", "Rows"):
        dataset = base()
        del dataset[tag]
        yield Fault(f"F13 no {tag}.dcm", encoded(dataset), "quarantined", "bad_header")
    dataset = base()
    dataset.PixelData = (_pixels(dataset) | 0xF000).tobytes()
    yield Fault("F14 high bits.dcm", encoded(dataset), "accepted", notes="high_bits")
    dataset = base(PixelRepresentation=1)
    dataset.PixelData = (_pixels(dataset).astype(np.int16) - 2048).tobytes()
    yield Fault("F15 signed.dcm", encoded(dataset), "accepted", notes="signed")
    dataset = base(PhotometricInterpretation="MONOCHROME1")
    dataset.PixelData = (4095 - _pixels(dataset)).tobytes()
    yield Fault("F16 inverted.dcm", encoded(dataset), "accepted")
    for name, changes in {
        "width": {"WindowCenter": 2000, "WindowWidth": 0},
        "function": {"WindowCenter": 2000, "WindowWidth": 4000, "VOILUTFunction": "CUBIC"},
        "empty": {"WindowCenter": "", "WindowWidth": ""},
        "half": {"WindowCenter": [2000, 1000]},
    }.items():
        yield Fault(f"F17 {name}.dcm", encoded(base(**changes)), "accepted", notes="voi_fallback")
    yield Fault("F27 burned in.dcm", encoded(base(BurnedInAnnotation="YES")), "quarantined", "burned_in")
    yield Fault("F28 constant.dcm", encoded(base(PixelData=b"\x64\0" * 12000)), "quarantined", "no_foreground")
    yield Fault("F28 black.dcm", encoded(base(PixelData=bytes(24000))), "quarantined", "no_foreground")


def _unwanted(base):
    yield Fault("F18 intent.dcm", encoded(base(PresentationIntentType="FOR PROCESSING")), "excluded", "for_processing")
    yield Fault("F18 class.dcm", encoded(base(SOPClassUID=PROCESSING)), "excluded", "for_processing")
    yield Fault("F19 class.dcm", encoded(base(SOPClassUID=TOMOSYNTHESIS)), "excluded", "tomosynthesis")
    yield Fault("F19 frames.dcm", encoded(base(NumberOfFrames=40)), "excluded", "tomosynthesis")
    capture = {"SOPClassUID": SECONDARY_CAPTURE, "Modality": "OT"}
    colours = base(**capture, SamplesPerPixel=3, PhotometricInterpretation="RGB")
    yield Fault("F19 capture.dcm", encoded(colours), "excluded", "secondary_capture")
    generated = ["DERIVED", "PRIMARY", "TOMO", "GENERATED_2D"]
    yield Fault("F19 type.dcm", encoded(base(ImageType=generated)), "excluded", "synthetic_2d")
    yield Fault("F19 series.dcm", encoded(base(SeriesDescription="L CC C-View")), "excluded", "synthetic_2d")
    report = base(SOPClassUID=STRUCTURED_REPORT, Modality="SR")
    for tag in ("PixelData", "Rows", "Columns", "BitsStored"):
        del report[tag]
    yield Fault("F19 report.dcm", encoded(report), "excluded", "wrong_modality")


def _coded(view, *modifiers):
    """A code of a view with modifiers within it."""
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator = view, "SCT"
    code.ViewModifierCodeSequence = [_coded(modifier) for modifier in modifiers]
    return code


def _views(base):
    modifiers = {"magnification": "399163009", "spot": "399055006", "tangential": "399110001"}
    for name, modifier in modifiers.items():
        content = encoded(base(ViewCodeSequence=[_coded("399162004", modifier)]))
        yield Fault(f"F20 {name}.dcm", content, "excluded", "non_standard_view")
    displaced = encoded(base(ViewCodeSequence=[_coded("399162004", "399209000")]))
    yield Fault("F20 displaced.dcm", displaced, "excluded", "implant")
    yield Fault("F20 implant.dcm", encoded(base(BreastImplantPresent="YES")), "excluded", "implant")
    for position in ("XCCL", "ML", "LMO", "MLOID", "RMCC"):
        yield Fault(f"F20 {position}.dcm", encoded(base(ViewPosition=position)), "excluded", "non_standard_view")
    specimen = base(ViewPosition="", ViewCodeSequence=[_coded("127457009")])
    yield Fault("F20 specimen.dcm", encoded(specimen), "excluded", "non_standard_view")
    yield Fault("F20 no view.dcm", encoded(base(ViewPosition="")), "quarantined", "no_view")
    yield Fault("F21 no side.dcm", encoded(base(ImageLaterality="")), "quarantined", "no_laterality")
    yield Fault("F21 tags.dcm", encoded(base(Laterality="R")), "quarantined", "laterality_conflict")
    words = encoded(base(SeriesDescription="Mama derecha"))
    yield Fault("F21 words.dcm", words, "quarantined", "laterality_conflict")


def _twice(base):
    """Files that claim to be, or are, one image: in the order of their names the first or none is kept."""
    first = base()
    same = encoded(first)
    yield Fault("F22 same a.dcm", same, "accepted|duplicate")
    yield Fault("F22 same b.dcm", same, "accepted|duplicate")
    content = encoded(first_again := base())
    other = base(SOPInstanceUID=first_again.SOPInstanceUID)
    yield Fault("F22 other a.dcm", content, "quarantined", "uid_conflict")
    yield Fault("F22 other b.dcm", encoded(other), "quarantined", "uid_conflict")
    pixels = base()
    under_another = base(PixelData=pixels.PixelData)
    yield Fault("F23 a.dcm", encoded(pixels), "accepted|duplicate")
    yield Fault("F23 b.dcm", encoded(under_another, uid.JPEGLosslessSV1), "accepted|duplicate")


def rotten():
    """F06 and F07: streams with bytes changed, which decoders may take for good; only their digests tell."""
    for fault, syntax in (("F06", uid.JPEG2000Lossless), ("F07", uid.JPEGLSLossless)):
        dataset = with_pixels(header(20_000 + int(fault[1:])), breast(np.random.default_rng(1)))
        whole = bytearray(encoded(dataset, syntax))
        sound = bytes(whole)
        for place in range(len(whole) // 2, len(whole) // 2 + 8):
            whole[place] ^= 0x55
        yield fault, sound, bytes(whole)
