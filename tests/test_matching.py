"""What the three ways of matching do to pictures of two devices, and the PNGs that come of them."""

import numpy as np
import pytest
from PIL import Image

from mammoflow import export, intensity, matching, pictures, tables
from mammoflow.pictures import Picture


def picture(rng, *, dense, gain=1.0, bits=12):
    """A breast of which the share `dense` is bright, on a device of this gain."""
    inside = np.zeros((64, 48), bool)
    inside[8:56, :40] = True
    bright = inside & (rng.random(inside.shape) < dense)
    values = np.where(bright, 3000, 1000) + rng.integers(-200, 200, inside.shape)
    pixels = np.where(inside, (values * gain).clip(1, 2**bits - 1), 0).astype(np.uint16)
    return Picture(pixels, intensity.histogram(pixels, inside, bits=bits))


@pytest.fixture
def development():
    rng = np.random.default_rng(0)
    rows, histograms, made = [], {}, {}
    for n in range(40):
        label = "ad"[n % 2]
        device = ("one", "two")[n // 2 % 2]
        made[f"i{n}"] = picture(rng, dense=0.2 if label == "a" else 0.8, gain=1.0 if device == "one" else 0.6)
        histograms[f"i{n}"] = made[f"i{n}"].histogram
        rows.append({"image_id": f"i{n}", "exam_id": "e", "patient_id": "p", "device": device, "label": label})
    return tables.frame_of(rows, tables.LABELLED_IMAGES), histograms, made


def bright_share(pixels):
    return (pixels > 30000).sum() / (pixels > 0).sum()


def test_image_matching_erases_the_share_of_bright_tissue(development):
    images, histograms, made = development
    fitted = matching.fit("image", images, histograms)
    shares = [bright_share(export.render(one, fitted, "one", crop="none", longest_side=64)) for one in made.values()]
    assert max(shares) - min(shares) < 0.02


def test_device_matching_joins_devices_and_keeps_classes(development):
    images, histograms, made = development
    fitted = matching.fit("device", images, histograms)
    assert fitted.accounts["n_images"].tolist() == [20, 20]
    shares = {}
    for row in images.to_dict("records"):
        pixels = export.render(made[row["image_id"]], fitted, row["device"], crop="none", longest_side=64)
        shares.setdefault((row["device"], row["label"]), []).append(bright_share(pixels))
    mean = {key: np.mean(own) for key, own in shares.items()}
    assert abs(mean["one", "a"] - mean["two", "a"]) < 0.03
    assert abs(mean["one", "d"] - mean["two", "d"]) < 0.03
    assert mean["one", "d"] - mean["one", "a"] > 0.5


def test_a_device_unseen_in_development_is_left_as_it_is(development):
    images, histograms, made = development
    fitted = matching.fit("device", images, histograms)
    table = fitted.table(made["i0"], "three")
    np.testing.assert_array_equal(table, intensity.stored_range(12))


def test_no_matching_is_the_stored_range(development):
    images, histograms, made = development
    fitted = matching.fit("none", images, histograms)
    assert (len(fitted.accounts), fitted.arrays) == (0, {})
    rendered = export.render(made["i0"], fitted, "one", crop="none", longest_side=64)
    np.testing.assert_array_equal(rendered, intensity.stored_range(12)[made["i0"].pixels])


def test_cropping_and_shrinking():
    one = picture(np.random.default_rng(1), dense=0.5)
    fitted = matching.Matching("none", tables.empty(tables.MATCHING), {})
    assert export.render(one, fitted, "", crop="breast", longest_side=64).shape == (48, 40)
    assert export.render(one, fitted, "", crop="none", longest_side=32).shape == (32, 24)


def test_pngs_hold_nothing_but_pixels_and_stale_ones_go(tmp_path):
    one = picture(np.random.default_rng(1), dense=0.5)
    work, folder = tmp_path / "work", tmp_path / "png"
    pictures.save(one, work / "p.safetensors", {})
    folder.mkdir()
    (folder / "stale.png").write_bytes(b"")
    images = tables.frame_of(
        [{"image_id": "i", "file_id": "f", "status": "accepted", "picture": "p.safetensors"}], tables.IMAGES
    )
    fitted = matching.Matching("none", tables.empty(tables.MATCHING), {})
    pngs = export.export(
        images, fitted, crop="none", longest_side=64, work=work, folder=folder, progress=lambda rows: rows
    )
    assert [path.name for path in folder.iterdir()] == ["i.png"]
    with Image.open(pngs["file"][0]) as image:
        assert (image.mode, image.info) == ("L", {})
        expected = np.rint(intensity.stored_range(12)[one.pixels] / 257)
        np.testing.assert_array_equal(np.asarray(image), expected)
    chunks = (folder / "i.png").read_bytes()
    assert not any(chunk in chunks for chunk in (b"tEXt", b"iTXt", b"zTXt", b"tIME", b"eXIf"))


def test_a_square_keeps_the_aspect():
    framed = pictures.square(np.full((100, 50), 200, np.uint8), 64)
    assert framed.shape == (64, 64)
    assert (framed[:, 16:48] == 200).all()
    assert (framed[:, :16] == 0).all()
    assert (framed[:, 48:] == 0).all()
