"""Decoded pixels against pydicom's own, in every transfer syntax, and the windows of headers against pydicom's."""

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.pixels import apply_rescale, apply_voi, apply_windowing

from mammoflow.dicom import codestreams, decoders, decoding, elements, stored, voi
from mammoflow.dicom.refusals import Refused
from tests.faults.mammograms import LOSSY, SYNTAXES, breast, encoded, good, header, with_pixels

PYDICOMS = sorted((Path(pydicom.data.__file__).parent / "test_files").glob("*.dcm"))
# Files of one grey frame that others decode too; the standard's own way with padding is another than pydicom's.
GREY = [
    "CT_small", "J2K_pixelrep_mismatch", "JPEG2000", "JPEGLSNearLossless_08", "JPEGLSNearLossless_16", "JPGExtended",
    "MR_small", "MR_small_RLE", "MR_small_bigendian", "MR_small_expb", "MR_small_implicit", "MR_small_jp2klossless",
    "MR_small_jpeg_ls_lossless", "MR_small_padded", "examples_overlay", "image_dfl",
]  # fmt: skip
# Of these, two decoders may round differently.
ROUNDED = {uid.JPEGBaseline8Bit: 1, uid.JPEGExtended12Bit: 2, uid.JPEGLSNearLossless: 1, uid.HTJ2K: 1}


def ours(content):
    parts = elements.take_apart(content)
    layout = stored.layout(parts.header, little=parts.syntax.little)
    return decoding.decode(parts, layout), layout


def theirs(dataset, layout):
    """pydicom's stored values, shifted and inverted as ours are."""
    values = pydicom.pixels.pixel_array(dataset, raw=True).astype(np.int64) - layout.lowest
    return layout.highest - values if layout.inverted else values


@pytest.fixture
def without_imagecodecs(monkeypatch):
    monkeypatch.setattr(decoders, "CODECS", None)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", GREY)
def test_pydicoms_own_files_have_the_same_pixels(name):
    path = next(path for path in PYDICOMS if path.stem == name)
    decoded, layout = ours(path.read_bytes())
    other = theirs(pydicom.dcmread(path), layout)
    np.testing.assert_allclose(decoded.pixels, other, rtol=0, atol=1 if name == "JPGExtended" else 0)


@pytest.mark.parametrize("syntax", SYNTAXES, ids=[str(syntax) for syntax in SYNTAXES])
def test_every_syntax_is_decoded_as_it_was_written(syntax):
    content, pixels = good(1, syntax, rng=np.random.default_rng(3))
    decoded, layout = ours(content)
    assert ("lossy" in decoded.notes) == (syntax in LOSSY)
    if syntax not in LOSSY:
        np.testing.assert_array_equal(decoded.pixels, pixels)
    if syntax != uid.JPEGExtended12Bit:  # which pydicom's plug-ins refuse from this writer
        other = theirs(pydicom.dcmread(io.BytesIO(content)), layout)
        # Ours are held to the stored range, which lossy codecs exceed.
        assert np.abs(decoded.pixels - other.clip(0, layout.highest)).max() <= ROUNDED.get(syntax, 0)


@pytest.mark.usefixtures("without_imagecodecs")
@pytest.mark.parametrize("syntax", [s for s in SYNTAXES if s not in LOSSY], ids=str)
def test_plug_ins_take_the_place_of_imagecodecs(syntax):
    content, pixels = good(1, syntax, rng=np.random.default_rng(3))
    decoded, _ = ours(content)
    np.testing.assert_array_equal(decoded.pixels, pixels)
    assert decoded.decoder == ("pydicom pylibjpeg" if uid.UID(syntax).is_encapsulated else "numpy")


@pytest.mark.usefixtures("without_imagecodecs")
def test_a_missing_decoder_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setattr(decoders, "_plugin", lambda _: None)
    content, _ = good(1, uid.HTJ2KLossless, rng=np.random.default_rng(3))
    with pytest.raises(Refused) as refused:
        ours(content)
    assert (refused.value.reason, refused.value.detail) == ("no_decoder", "pip install imagecodecs")


def test_a_video_has_no_decoder():
    dataset = with_pixels(header(1), breast(np.random.default_rng(0)))
    with pytest.raises(Refused) as refused:
        ours(encoded(dataset, uid.JPEG2000Lossless, meta_syntax=uid.MPEG2MPHL))
    assert refused.value.reason == "no_decoder"


@given(bits=st.integers(2, 16), signed=st.booleans(), inverted=st.booleans(), seed=st.integers(0, 2**32 - 1))
def test_no_stored_value_is_lost(bits, signed, inverted, seed):
    """Values, written with their sign and with anything in the bits above, come back counted from the darkest."""
    rng = np.random.default_rng(seed)
    layout = stored.Layout(8, 9, 16, bits, signed, inverted, None)
    dark = rng.integers(0, 2**bits, (8, 9))
    shown = layout.highest - dark if inverted else dark
    raw = (shown + layout.lowest).astype(np.int16 if signed else np.uint16)
    garbage = (rng.integers(0, 2**16, raw.shape) >> bits << bits).astype(np.uint16)
    dirty = ((raw.view(np.uint16) & layout.highest) | garbage).view(raw.dtype)
    for written in (raw, dirty):
        np.testing.assert_array_equal(stored.bring_to_dark(written, layout, lossy=False), dark)


def test_what_a_lossy_codec_exceeds_is_held_to_the_range():
    layout = stored.Layout(1, 4, 16, 12, False, False, None)
    raw = np.array([[0, 4095, 4096, 4100]], np.uint16)
    assert stored.bring_to_dark(raw, layout, lossy=True).tolist() == [[0, 4095, 4095, 4095]]


@pytest.mark.parametrize(
    ("padding", "signed", "inverted", "raw", "dark"),
    [
        ((4000, 4000), False, False, [10, 4000, 4001], [10, 0, 4001]),
        ((4000, 4095), False, False, [10, 4000, 4095], [10, 0, 0]),
        ((0, 5), False, True, [10, 0, 5], [4085, 0, 0]),
        ((-2000, -2000), True, False, [-1000, -2000, -2048], [1048, 0, 0]),
        ((0, 0), False, False, [10, 0, 5], [10, 0, 5]),
        ((65535, 65535), False, False, [10, 65535, 4095], [10, 0, 4095]),
    ],
)
def test_padding_is_background(padding, signed, inverted, raw, dark):
    layout = stored.Layout(1, 3, 16, 12, signed, inverted, padding)
    values = np.array([raw], np.int16 if signed else np.uint16)
    assert stored.bring_to_dark(values, layout, lossy=False).tolist() == [dark]


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian])
def test_a_range_of_padding_may_stand_in_either_order(syntax):
    dataset = with_pixels(header(1), breast(np.random.default_rng(0)))
    dataset.PixelPaddingValue, dataset.PixelPaddingRangeLimit = 4095, 4000
    for tag in ("PixelPaddingValue", "PixelPaddingRangeLimit"):
        dataset[tag].VR = "US"
    parts = elements.take_apart(encoded(dataset, syntax))
    assert stored.layout(parts.header, little=parts.syntax.little).padding == (4000, 4095)


def windowed(**values):
    dataset = Dataset()
    for tag, value in values.items():
        setattr(dataset, tag, value)
    return dataset


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID", ""])
@pytest.mark.parametrize("window", [(2000, 1500), (100.5, 4096), (-50, 3000)])
@pytest.mark.parametrize("rescale", [(1, 0), (2, -1024)])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_a_window_shows_what_pydicom_shows(function, window, rescale, signed, photometric):
    dataset = windowed(
        WindowCenter=[window[0], 1], WindowWidth=[window[1], 1], RescaleSlope=rescale[0], RescaleIntercept=rescale[1],
        BitsStored=12, PixelRepresentation=int(signed), PhotometricInterpretation=photometric,
    )  # fmt: skip
    if function:
        dataset.VOILUTFunction = function
    layout = stored.Layout(1, 1, 16, 12, signed, photometric == "MONOCHROME1", None)
    values = np.arange(4096) + layout.lowest
    shown = apply_windowing(apply_rescale(values, dataset), dataset)
    low, high = (np.array([0, 4095]) + layout.lowest) * rescale[0] + rescale[1]
    brightness = (shown - low) / (high - low)
    if layout.inverted:
        brightness = 1 - brightness[::-1]
    table = voi.table(dataset, layout, little=True)
    np.testing.assert_allclose(table / 65535, brightness, atol=1 / 65535)


def test_a_lookup_table_goes_before_a_window():
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [256, 100, 10])
    item.add_new("LUTData", "US", [round(1023 * (n / 255) ** 2) for n in range(256)])
    dataset = windowed(WindowCenter=1, WindowWidth=2, VOILUTSequence=[item], PixelRepresentation=0)
    layout = stored.Layout(1, 1, 16, 12, False, False, None)
    shown = apply_voi(np.arange(4096), dataset)
    np.testing.assert_allclose(voi.table(dataset, layout, little=True) / 65535, shown / 1023, atol=1 / 65535)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"WindowCenter": 2000, "WindowWidth": 0},
        {"WindowCenter": 2000, "WindowWidth": -5, "VOILUTFunction": "SIGMOID"},
        {"WindowCenter": 2000, "WindowWidth": 100, "VOILUTFunction": "CUBIC"},
        {"WindowCenter": [], "WindowWidth": 100},
        {"VOILUTSequence": [Dataset()]},
    ],
)
def test_a_window_that_cannot_be_used_is_none(values):
    layout = stored.Layout(1, 1, 16, 12, False, False, None)
    assert voi.table(windowed(**values), layout, little=True) is None


def items(*contents, end=True):
    value = b"".join(b"\xfe\xff\x00\xe0" + len(c).to_bytes(4, "little") + c for c in contents)
    return memoryview(value + (b"\xfe\xff\xdd\xe0\0\0\0\0" if end else b""))


def test_fragments_are_one_stream():
    assert bytes(codestreams.join(items(b"", b"abcd", b"efgh"))) == b"abcdefgh"


@pytest.mark.parametrize("value", [items(b"", b"abcd", end=False), items(b""), items(b"", b"abcd")[:-10]])
def test_fragments_that_end_early_are_cut(value):
    with pytest.raises(Refused) as refused:
        codestreams.join(value)
    assert refused.value.reason == "truncated"


@given(st.binary(max_size=300), st.sampled_from(["rle", "jpeg", "jpegls", "jpeg2000", "htj2k"]))
def test_any_stream_is_judged_without_an_error(content, codec):
    for ending in (b"", b"\xff\xd9", b"\xff\xd9\0"):
        try:
            codestreams.check(memoryview(content + ending), codec, (120, 100))
        except Refused as refused:
            assert refused.status == "quarantined"


@given(st.binary(max_size=400))
def test_any_bytes_are_judged_without_an_error(content):
    whole, _ = good(1, uid.ExplicitVRLittleEndian, rng=np.random.default_rng(0))
    for start in (b"", b"\0" * 128 + b"DICM", whole[:400]):
        try:
            ours(start + content)
        except Refused as refused:
            assert refused.reason
        except (ValueError, TypeError) as error:
            pytest.fail(f"{type(error).__name__}")


@pytest.mark.parametrize("name", ["MG1_J2KI", "MG1_JPLY"])
def test_the_samples_of_wg04_are_decoded(mammoflow_data, name):
    decoded, layout = ours((mammoflow_data / f"dicom_wg04/{name}.dcm").read_bytes())
    assert decoded.pixels.shape == (4664, 3064)
    assert (layout.bits, decoded.notes) == (12, ("lossy",))
    assert decoded.decoder in ("imagecodecs jpeg2k", "imagecodecs jpeg8")
