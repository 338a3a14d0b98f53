"""A snapshot in BiomedCLIP's layout, loaded without a network as open_clip itself would load it."""

import json

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image

from mammoflow.errors import UserError
from mammoflow.models import encoders, random_models, snapshots

SENTENCES = ["a mammogram of a fatty breast", "a mammogram of a dense breast", "cranio-caudal view"]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder")
    random_models.make_encoder(folder, sentences=SENTENCES)
    return folder


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(0)
    for n, shape in enumerate([(300, 200), (120, 160), (160, 160)]):
        Image.fromarray(rng.integers(0, 255, shape, dtype=np.uint8)).save(tmp_path / f"{n}.png")
    return [str(tmp_path / f"{n}.png") for n in range(3)]


def test_the_layout_is_biomedclips(snapshot):
    names = {path.name for path in snapshot.iterdir()}
    assert names >= {
        "open_clip_config.json", "open_clip_pytorch_model.bin", "tokenizer.json", "tokenizer_config.json", "vocab.txt",
        "config.json",
    }  # fmt: skip
    weights = torch.load(snapshot / "open_clip_pytorch_model.bin", weights_only=True)
    prefixes = {name.split(".")[0] for name in weights}
    assert prefixes == {"visual", "text", "logit_scale"}
    assert "visual.head.proj.weight" in weights
    assert "text.proj.2.weight" in weights


def test_features_are_open_clips_own(snapshot, files):
    encoder = encoders.load(snapshot)
    images, texts = encoder.images(files, progress=lambda loop: loop), encoder.texts(SENTENCES)

    source = f"local-dir:{snapshot}"
    text_cfg = json.loads((snapshot / "open_clip_config.json").read_text())["model_cfg"]["text_cfg"]
    text_cfg |= {"hf_model_name": str(snapshot), "hf_model_pretrained": False}
    model, preprocess = open_clip.create_model_from_pretrained(source, text_cfg=text_cfg, image_resize_mode="longest")
    model.eval()
    with torch.no_grad():
        batch = torch.stack([preprocess(Image.open(file).convert("RGB")) for file in files])
        expected = model.encode_image(batch).numpy()
        tokens = open_clip.get_tokenizer(source)(SENTENCES)
        expected_texts = model.encode_text(tokens, normalize=True).numpy()
    np.testing.assert_allclose(images, expected, atol=1e-6)
    np.testing.assert_allclose(texts, expected_texts, atol=1e-6)
    assert encoder.temperature == pytest.approx(1 / 0.07, rel=1e-3)


def test_the_whole_picture_is_seen(snapshot, tmp_path):
    """A mark at the very top of a tall picture changes the embedding: nothing is cropped away."""
    pixels = np.full((320, 160), 90, np.uint8)
    Image.fromarray(pixels).save(tmp_path / "plain.png")
    pixels[:20] = 255
    Image.fromarray(pixels).save(tmp_path / "marked.png")
    encoder = encoders.load(snapshot)
    plain, marked = encoder.images([str(tmp_path / "plain.png"), str(tmp_path / "marked.png")], progress=iter)
    assert np.abs(plain - marked).max() > 1e-4


def test_two_snapshots_are_the_same_bytes(snapshot, tmp_path):
    random_models.make_encoder(tmp_path / "again", sentences=SENTENCES)
    first, again = snapshots.account(snapshot), snapshots.account(tmp_path / "again")
    assert first.to_dict("list") == again.to_dict("list")


def test_a_local_folder_is_copied_with_what_loading_needs(snapshot, tmp_path):
    snapshots.fetch_encoder(f"local-dir:{snapshot}", "main", tmp_path / "copy")
    copied = encoders.load(tmp_path / "copy")
    np.testing.assert_array_equal(copied.texts(SENTENCES), encoders.load(snapshot).texts(SENTENCES))


def test_what_a_snapshot_lacks_is_named(snapshot, tmp_path):
    with pytest.raises(UserError, match="is not there"):
        snapshots.fetch_encoder(f"local-dir:{tmp_path / 'nowhere'}", "main", tmp_path / "copy")
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "open_clip_config.json").write_bytes((snapshot / "open_clip_config.json").read_bytes())
    with pytest.raises(UserError, match=r"lacks config\.json, the configuration of microsoft/"):
        snapshots.fetch_encoder(f"local-dir:{tmp_path / 'part'}", "main", tmp_path / "copy")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="open_clip_config"):
        encoders.load(tmp_path / "empty")
