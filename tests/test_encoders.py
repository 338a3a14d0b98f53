"""Snapshots as their publishers lay them out, loaded without a network as open_clip and timm themselves load them."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import huggingface_hub
import numpy as np
import open_clip
import pytest
import timm
import torch
import yaml
from PIL import Image
from safetensors.torch import load_file, save_file

from mammoflow import tables
from mammoflow.errors import UserError
from mammoflow.models import encoders, random_models, snapshot_files, snapshots
from tests.conftest import REPO
from tests.hub import Hub

SENTENCES = ["a mammogram of a fatty breast", "a mammogram of a dense breast", "cranio-caudal view"]
# Words that no sentence here has, so that a tokenizer without them is clearly another one.
MANY_WORDS = [" ".join(f"{chr(97 + n % 26)}{n}" for n in range(300))]
TEXT = {"context_length": 12, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1}
# Models of open_clip's own towers, by what is asked of them.
OWN_TOWERS = {
    "transformer": {"vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8}},
    "resnet": {"vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8, "head_width": 16}},
    "coca": {
        "vision_cfg": {
            "image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8,
            "attentional_pool": True, "attn_pooler_heads": 2, "output_tokens": True,
        },
        "multimodal_cfg": {"context_length": 12, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
        "custom_text": True,
    },
}  # fmt: skip
TOWERS_TEXT = {"coca": {"embed_cls": True, "output_tokens": True}}


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_):
        raise OSError("no network here")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder")
    random_models.make_encoder(folder, sentences=SENTENCES + MANY_WORDS)
    return folder


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    folder = tmp_path_factory.mktemp("network")
    random_models.make_network(folder, model="test_vit")
    return folder


@pytest.fixture
def copy(snapshot, tmp_path):
    folder = tmp_path / "copy"
    folder.mkdir()
    for path in snapshot.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.fixture
def files(tmp_path):
    return pictures(tmp_path, [(300, 200), (120, 160), (160, 160)])


def pictures(folder, shapes):
    """PNGs of smooth noise, so that bringing them to size leaves something of it."""
    rng = np.random.default_rng(0)
    paths = []
    for n, (rows, columns) in enumerate(shapes):
        coarse = Image.fromarray(rng.integers(0, 255, (rows // 20, columns // 20), dtype=np.uint8))
        coarse.resize((columns, rows), Image.Resampling.BICUBIC).save(folder / f"{n}.png")
        paths.append(str(folder / f"{n}.png"))
    return paths


def by_hand(folder, **settings):
    """A snapshot in BiomedCLIP's layout as open_clip gives it."""
    text_cfg = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]["text_cfg"]
    text_cfg |= {"hf_model_name": str(folder), "hf_model_pretrained": False}
    model, transform = open_clip.create_model_from_pretrained(f"local-dir:{folder}", text_cfg=text_cfg, **settings)
    return model.eval(), transform


def batch_of(transform, files):
    return torch.stack([transform(Image.open(file).convert("RGB")) for file in files])


def make_own(folder, name, weights="open_clip_model.safetensors"):
    """A snapshot of a model of open_clip with its own text tower and tokenizer."""
    text = TEXT | TOWERS_TEXT.get(name, {})
    config = {"embed_dim": 24, "text_cfg": text} | OWN_TOWERS[name]
    folder.mkdir(exist_ok=True)
    about = {"model_cfg": config, "preprocess_cfg": {"mean": [0.5] * 3, "std": [0.25] * 3}}
    (folder / "open_clip_config.json").write_text(json.dumps(about))
    torch.manual_seed(0)
    model = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
    tensors = {key: value.contiguous().clone() for key, value in model.state_dict().items()}
    (save_file if weights.endswith("safetensors") else torch.save)(tensors, folder / weights)
    return folder


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


@pytest.mark.parametrize("resize", ["longest", "shortest", "squash"])
def test_features_are_open_clips_own(snapshot, files, resize):
    encoder = encoders.load(snapshot, resize=resize)
    images, texts = encoder.images(files, progress=iter), encoder.texts(SENTENCES)
    model, transform = by_hand(snapshot, image_resize_mode=resize)
    with torch.no_grad():
        batch = batch_of(transform, files)
        np.testing.assert_allclose(images["projected"], model.encode_image(batch).numpy(), atol=1e-6)
        np.testing.assert_allclose(images["trunk"], model.visual.trunk(batch).numpy(), atol=1e-6)
        tokens = open_clip.get_tokenizer(f"local-dir:{snapshot}")(SENTENCES)
        np.testing.assert_allclose(texts, model.encode_text(tokens, normalize=True).numpy(), atol=1e-6)
    assert encoder.temperature == pytest.approx(1 / 0.07, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("transformer", "open_clip_model.safetensors"),
        ("transformer", "open_clip_pytorch_model.bin"),
        ("resnet", "open_clip_pytorch_model.safetensors"),
        ("coca", "open_clip_model.safetensors"),
    ],
)
def test_features_of_open_clips_own_towers(tmp_path, files, name, weights):
    folder = make_own(tmp_path / name, name, weights)
    encoder = encoders.load(folder)
    images, texts = encoder.images(files, progress=iter), encoder.texts(SENTENCES)
    model, transform = open_clip.create_model_from_pretrained(f"local-dir:{folder}", image_resize_mode="longest")
    model.eval()
    with torch.no_grad():
        expected = model.encode_image(batch_of(transform, files), normalize=False).numpy()
        tokens = open_clip.get_tokenizer(f"local-dir:{folder}")(SENTENCES)
        np.testing.assert_allclose(texts, model.encode_text(tokens, normalize=True).numpy(), atol=1e-6)
    np.testing.assert_allclose(images["projected"], expected, atol=1e-6)
    assert set(images) == ({"projected", "trunk"} if name == "transformer" else {"projected"})
    if name == "transformer":
        projection = model.visual.proj.detach().numpy()
        np.testing.assert_allclose(images["trunk"] @ projection, expected, atol=1e-5)


def test_features_are_timms_own(network, files):
    encoder = encoders.load(network, kind="timm", resize="shortest")
    images = encoder.images(files, progress=iter)
    model = timm.create_model(f"local-dir:{network}", pretrained=True, num_classes=0).eval()
    data = timm.data.resolve_model_data_config(model)
    assert data["crop_pct"] < 1  # or the test would not see that it is heeded
    transform = timm.data.create_transform(**data, is_training=False)
    with torch.no_grad():
        expected = model(batch_of(transform, files)).numpy()
    assert set(images) == {"trunk"}
    np.testing.assert_allclose(images["trunk"], expected, atol=1e-6)


@pytest.mark.parametrize("kind", ["open_clip", "timm"])
def test_the_whole_picture_is_seen(snapshot, network, tmp_path, kind):
    """A mark at the very top of a tall picture changes the vector, unless the centre is cut out."""
    pixels = np.full((320, 160), 90, np.uint8)
    Image.fromarray(pixels).save(tmp_path / "plain.png")
    pixels[:20] = 255
    Image.fromarray(pixels).save(tmp_path / "marked.png")
    paths = [str(tmp_path / "plain.png"), str(tmp_path / "marked.png")]
    for resize, seen in (("longest", True), ("squash", True), ("shortest", False)):
        encoder = encoders.load(snapshot if kind == "open_clip" else network, kind=kind, resize=resize)
        plain, marked = encoder.images(paths, progress=iter)["trunk"]
        assert (np.abs(plain - marked).max() > 1e-4) == seen


def test_pictures_of_16_bits_are_read_as_8(snapshot, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (160, 160)).astype(np.uint16)
    Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "8.png")
    Image.fromarray(pixels * 256).save(tmp_path / "16.png")
    encoder = encoders.load(snapshot)
    eight, sixteen = encoder.images([str(tmp_path / "8.png"), str(tmp_path / "16.png")], progress=iter)["projected"]
    np.testing.assert_array_equal(eight, sixteen)


@pytest.mark.parametrize("kind", ["open_clip", "timm"])
def test_a_vector_depends_on_nothing_but_its_picture(snapshot, network, tmp_path, kind):
    """The same bits in any order and any company: vectors that were kept may stand beside new ones."""
    encoder = encoders.load(snapshot if kind == "open_clip" else network, kind=kind)
    paths = pictures(tmp_path, [(200 + 10 * n, 160) for n in range(encoder.batch + 3)])
    whole = encoder.images(paths, progress=iter)["trunk"]
    rng = np.random.default_rng(0)
    for size in (1, 2, encoder.batch, len(paths)):
        some = rng.permutation(len(paths))[:size]
        again = encoder.images([paths[n] for n in some], progress=iter)["trunk"]
        np.testing.assert_array_equal(again, whole[some])
    sentences = [f"{word} breast" for word in MANY_WORDS[0].split()[: encoder.batch + 3]]
    if kind == "open_clip":
        texts = encoder.texts(sentences)
        np.testing.assert_array_equal(encoder.texts(sentences[::-1])[::-1], texts)
        np.testing.assert_array_equal(encoder.texts(sentences[4:6]), texts[4:6])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_mixed_precision_is_close(snapshot, files):
    images = encoders.load(snapshot).images(files, progress=iter)["projected"]
    model, transform = by_hand(snapshot, image_resize_mode="longest")
    with torch.no_grad():
        expected = model.encode_image(batch_of(transform, files)).numpy()
    assert (np.abs(images - expected) / np.linalg.norm(expected, axis=1, keepdims=True)).max() < 1e-2


def test_a_picture_that_is_gone_is_named(snapshot, tmp_path):
    with pytest.raises(UserError, match=r"gone\.png is gone or no PNG"):
        encoders.load(snapshot).images([str(tmp_path / "gone.png")], progress=iter)


def test_a_sentence_that_would_be_cut_is_named(tmp_path, snapshot):
    for folder, most in ((make_own(tmp_path / "own", "transformer"), TEXT["context_length"]), (snapshot, 256)):
        encoder = encoders.load(folder)
        fits = " ".join(["a"] * (most - 2))  # and the words that begin and end it
        assert encoder.texts([fits]).shape[0] == 1
        with pytest.raises(UserError, match=f"reads {most} tokens, and this is more: 'a a") as caught:
            encoder.texts([fits, fits + " a"])
        assert "\n" not in str(caught.value)


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def write(text):
    return lambda path: path.write_text(text)


def rewrite(change):
    """Change the tensors of a file of weights."""

    def apply(path):
        weights = torch.load(path, weights_only=True)
        change(weights)
        torch.save(weights, path)

    return apply


BROKEN = {
    "configuration cut": ("open_clip_config.json", cut, "holds no JSON"),
    "configuration of nothing": ("open_clip_config.json", write("{}"), "holds no model that open_clip knows"),
    "configuration a list": ("open_clip_config.json", write("[]"), "holds no JSON"),
    "unknown tower": (
        "open_clip_config.json",
        lambda path: path.write_text(path.read_text().replace("test_vit", "no_such_vit")),
        "holds no model that open_clip knows",
    ),
    "configuration gone": ("open_clip_config.json", Path.unlink, "is not there"),
    "text tower cut": ("config.json", cut, "holds no JSON"),
    "text tower gone": ("config.json", Path.unlink, "is not there"),
    "tokenizer cut": ("tokenizer.json", cut, "holds no JSON"),
    "tokenizer of nothing": ("tokenizer.json", write("{}"), "holds no tokenizer that open_clip can load"),
    "weights gone": ("open_clip_pytorch_model.bin", Path.unlink, r"open_clip_model\.safetensors is not there"),
    "weights cut": ("open_clip_pytorch_model.bin", cut, "holds no weights of this model"),
    "weights empty": ("open_clip_pytorch_model.bin", write(""), "holds no weights of this model"),
    "weights no weights": ("open_clip_pytorch_model.bin", write("<html>"), "holds no weights of this model"),
    "tensor missing": (
        "open_clip_pytorch_model.bin",
        rewrite(lambda weights: weights.pop("visual.head.proj.weight")),
        "holds no weights of this model.*visual.head.proj.weight",
    ),
    "tensor of another shape": (
        "open_clip_pytorch_model.bin",
        rewrite(lambda weights: weights.update({"text.proj.2.weight": torch.zeros(3, 3)})),
        "holds no weights of this model.*text.proj.2.weight",
    ),
}


@pytest.mark.parametrize(("name", "fault", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_snapshot_is_named_in_one_line(copy, name, fault, message):
    fault(copy / name)
    with pytest.raises(UserError, match=message) as caught:
        encoders.load(copy)
    assert str(copy / name) in str(caught.value) or "safetensors is not there" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "run again" in str(caught.value)


class Code:
    """What makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_code_in_weights_is_not_run(copy, tmp_path):
    torch.save({"visual.head.proj.weight": Code(str(tmp_path / "ran"))}, copy / "open_clip_pytorch_model.bin")
    with pytest.raises(UserError, match=r"open_clip_pytorch_model\.bin holds no weights of this model"):
        encoders.load(copy)
    assert not (tmp_path / "ran").exists()


def test_code_beside_a_snapshot_is_not_run(copy, tmp_path, snapshot):
    """Publishers may put code of their own beside a model, and a configuration that asks for it."""
    evil = f"import os\nos.mkdir({str(tmp_path / 'ran')!r})\nclass Model: pass\n"
    for name in ("modeling.py", "tokenization.py", "configuration.py"):
        (copy / name).write_text(evil)
    asked = {
        "config.json": {"AutoModel": "modeling.Model", "AutoConfig": "configuration.Model"},
        "tokenizer_config.json": {"AutoTokenizer": ["tokenization.Model", "tokenization.Model"]},
    }
    for name, code in asked.items():
        (copy / name).write_text(json.dumps(json.loads((copy / name).read_text()) | {"auto_map": code}))
    encoder = encoders.load(copy)
    assert not (tmp_path / "ran").exists()
    own = encoders.load(snapshot)
    np.testing.assert_array_equal(encoder.texts(SENTENCES, progress=iter), own.texts(SENTENCES, progress=iter))


def test_a_broken_network_is_named_in_one_line(network, tmp_path):
    """Missing tensors too, which timm lets pass where it changes the number of classes."""
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((network / name).read_bytes())
    tensors = load_file(tmp_path / "model.safetensors")
    save_file({name: each for name, each in tensors.items() if name != "norm.weight"}, tmp_path / "model.safetensors")
    with pytest.raises(UserError, match=r"model\.safetensors holds no weights of this network.*norm\.weight"):
        encoders.load(tmp_path, kind="timm")
    cut(tmp_path / "model.safetensors")
    with pytest.raises(UserError, match=r"model\.safetensors holds no weights of this network"):
        encoders.load(tmp_path, kind="timm")
    (tmp_path / "config.json").write_text('{"architecture": "no_such_network"}')
    with pytest.raises(UserError, match=r"config\.json holds no network that timm knows"):
        encoders.load(tmp_path, kind="timm")


def test_a_tokenizer_of_another_model_is_refused(copy, tmp_path):
    words = json.loads((copy / "config.json").read_text())["vocab_size"]
    assert words > encoders.PADDING + 100
    other = tmp_path / "other"
    random_models.make_encoder(other, sentences=SENTENCES)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        (copy / name).write_bytes((other / name).read_bytes())
    with pytest.raises(UserError, match=rf"the tokenizer knows \d+ words and the text tower {words}"):
        encoders.load(copy)
    random_models.make_encoder(other, sentences=[*SENTENCES, *MANY_WORDS, "more"])
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        (copy / name).write_bytes((other / name).read_bytes())
    with pytest.raises(UserError, match="the tokenizer knows"):
        encoders.load(copy)


def test_a_snapshot_is_compared_with_its_account(copy):
    files = snapshots.account(copy, source="random")
    snapshots.check(copy, files)
    weights, config = copy / "open_clip_pytorch_model.bin", copy / "config.json"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1])
    with pytest.raises(UserError, match=rf"model\.bin has {len(whole) - 1:,} bytes, but had {len(whole):,} when"):
        snapshots.check(copy, files)
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(UserError, match=r"model\.bin has changed since it was fetched; delete .*copy\.tsv"):
        snapshots.check(copy, files)
    weights.write_bytes(whole)
    config.unlink()
    with pytest.raises(UserError, match=r"config\.json is missing"):
        snapshots.check(copy, files)


@pytest.mark.parametrize("make", ["encoder", "network"])
def test_two_snapshots_are_the_same_bytes(snapshot, network, tmp_path, make):
    if make == "encoder":
        random_models.make_encoder(tmp_path, sentences=SENTENCES + MANY_WORDS)
    else:
        random_models.make_network(tmp_path, model="test_vit")
    first = snapshots.account(snapshot if make == "encoder" else network, source="random")
    assert first.to_dict("list") == snapshots.account(tmp_path, source="random").to_dict("list")


def fetch(source, folder, kind="open_clip"):
    return snapshots.fetch_encoder(source, folder, kind=kind, revision="main", text_revision="main")


def test_a_local_folder_is_copied_with_what_loading_needs(copy, tmp_path):
    (copy / "README.md").write_text("not needed")
    (copy / "model.safetensors").write_text("of another library")
    target = tmp_path / "fetched"
    target.mkdir()
    (target / "open_clip_model.safetensors").write_text("of another revision")
    files = fetch(f"local-dir:{copy}", target)
    tables.write(files, tmp_path / "files.tsv", tables.MODEL_FILES)
    assert set(files["source"]) == {f"local-dir:{copy}"}
    assert set(files["revision"]) == {""}
    assert {path.name for path in target.iterdir()} == set(files["file"])
    assert not {"README.md", "model.safetensors", "open_clip_model.safetensors"} & set(files["file"])
    np.testing.assert_array_equal(encoders.load(target).texts(SENTENCES), encoders.load(copy).texts(SENTENCES))


def test_a_local_network_is_copied(network, tmp_path, files):
    fetch(f"local-dir:{network}", tmp_path / "fetched", kind="timm")
    encoder = encoders.load(tmp_path / "fetched", kind="timm")
    assert encoder.images(files, progress=iter)["trunk"].shape == (3, 64)


def test_what_a_source_lacks_is_named(snapshot, copy, tmp_path):
    with pytest.raises(UserError, match="is not there"):
        fetch(f"local-dir:{tmp_path / 'nowhere'}", tmp_path / "target")
    with pytest.raises(UserError, match="allowed: another folder"):
        fetch(f"local-dir:{copy}", copy)
    assert snapshots.fingerprint(snapshots.account(copy, source="")) == snapshots.fingerprint(
        snapshots.account(snapshot, source="")
    )
    for name, lacks in (
        ("config.json", r"config\.json \(of its text tower, microsoft/"),
        ("open_clip_pytorch_model.bin", "its weights"),
        ("open_clip_config.json", r"open_clip_config\.json"),
    ):
        (copy / name).unlink()
        with pytest.raises(UserError, match=f"lacks .*{lacks}"):
            fetch(f"local-dir:{copy}", tmp_path / "target")


@pytest.mark.parametrize(
    ("kind", "offered", "expected"),
    [
        (
            "open_clip",
            ["README.md", "biomed_clip_example.ipynb", "open_clip_config.json", "open_clip_pytorch_model.bin",
             "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt"],
            {"open_clip_config.json", "open_clip_pytorch_model.bin", "special_tokens_map.json", "tokenizer.json",
             "tokenizer_config.json", "vocab.txt"},
        ),
        (
            "open_clip",
            ["config.json", "merges.txt", "model.safetensors", "open_clip_config.json", "open_clip_model.safetensors",
             "open_clip_pytorch_model.bin", "preprocessor_config.json", "pytorch_model.bin", "tokenizer.json",
             "vocab.json"],
            {"merges.txt", "open_clip_config.json", "open_clip_model.safetensors", "tokenizer.json", "vocab.json"},
        ),
        ("timm", ["README.md", "config.json", "model.safetensors", "pytorch_model.bin"],
         {"config.json", "model.safetensors"}),
        ("timm", ["config.json", "pytorch_model.bin"], {"config.json", "pytorch_model.bin"}),
    ],
)  # fmt: skip
def test_what_is_fetched_of_a_repository(kind, offered, expected):
    assert set(snapshot_files.chosen(offered, kind)) == expected


def test_what_a_folder_lacks(tmp_path):
    assert snapshot_files.lacking(tmp_path / "nowhere", "open_clip") == ["everything: there is no such folder"]
    lacks = ["open_clip_config.json", "its weights (open_clip_model.safetensors)"]
    assert snapshot_files.lacking(tmp_path, "open_clip") == lacks
    config = {"model_cfg": {"text_cfg": {"hf_model_name": "a/b", "hf_tokenizer_name": "a/b"}}}
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config), encoding="utf-8")
    (tmp_path / "open_clip_pytorch_model.bin").touch()
    assert snapshot_files.lacking(tmp_path, "open_clip") == ["config.json (of its text tower, a/b)", "tokenizer.json"]
    (tmp_path / "config.json").touch()
    (tmp_path / "vocab.txt").touch()
    assert snapshot_files.lacking(tmp_path, "open_clip") == []
    assert snapshot_files.lacking(tmp_path, "timm") == ["its weights (model.safetensors)"]


FETCH = """
import sys
from pathlib import Path
from mammoflow import tables
from mammoflow.models import snapshots
files = snapshots.fetch_encoder(
    sys.argv[1], Path(sys.argv[2]), kind=sys.argv[3], revision=sys.argv[4], text_revision="main"
)
tables.write(files, f"{sys.argv[2]}.tsv", tables.MODEL_FILES)
"""


def fetch_from(hub, folder, *arguments):
    """Fetch from a hub in a process of its own, as huggingface_hub reads its address when it is imported."""
    settings = {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(folder / "hf"), "HF_HUB_OFFLINE": "0", "NO_PROXY": "*"}
    done = subprocess.run(
        [sys.executable, "-c", FETCH, arguments[0], folder / "fetched", *arguments[1:]],
        env=os.environ | settings | {"PYTHONPATH": str(REPO / "workflow/scripts")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done


def test_a_snapshot_is_fetched_with_its_commit(snapshot, network, tmp_path):
    """From a hub on this machine: the text tower's configuration too, from a repository of its own."""
    files = {path.name: path.read_bytes() for path in snapshot.iterdir()}
    config = files.pop("config.json")
    tower, commit = random_models.TEXT_MODEL, "c" * 40
    hub = Hub(
        {
            "some/clip": files | {"README.md": b"not needed", "config.json": b"of another library"},
            tower: {"config.json": config, "pytorch_model.bin": b"not needed"},
            "some/network": {path.name: path.read_bytes() for path in network.iterdir()},
        },
        commit,
    )
    done = fetch_from(hub, tmp_path, "hf-hub:some/clip", "open_clip", "main")
    assert done.returncode == 0, done.stderr
    fetched = tables.read(tmp_path / "fetched.tsv", tables.MODEL_FILES).set_index("file")
    assert set(fetched.index) == {*files, "config.json"}
    assert set(fetched["revision"]) == {commit}
    assert fetched.loc["config.json", "source"] == f"hf-hub:{tower}"
    assert set(fetched.drop("config.json")["source"]) == {"hf-hub:some/clip"}
    np.testing.assert_array_equal(
        encoders.load(tmp_path / "fetched").texts(SENTENCES), encoders.load(snapshot).texts(SENTENCES)
    )
    # Another source for the same encoder: nothing of the first stays.
    done = fetch_from(hub, tmp_path, "hf-hub:some/network", "timm", commit)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "fetched").glob("[!.]*")} == {"config.json", "model.safetensors"}
    done = fetch_from(hub, tmp_path, "hf-hub:some/clip", "open_clip", "no_such_revision")
    assert "the hub does not give some/clip at revision no_such_revision" in done.stderr


def test_whoever_computes_has_no_network():
    code = (
        "from mammoflow.compute import limit_threads; limit_threads(1); "
        "from huggingface_hub import constants; print(constants.HF_HUB_OFFLINE)"
    )
    environment = os.environ | {"PYTHONPATH": str(REPO / "workflow/scripts"), "HF_HUB_OFFLINE": "0"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_a_hub_that_is_out_of_reach_is_said_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    with pytest.raises(UserError, match="the hub does not give a/b at revision main") as caught:
        fetch("hf-hub:a/b", tmp_path / "target")
    assert "\n" not in str(caught.value)


def test_offline_what_stands_in_the_folder_is_taken(copy, tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    files = fetch("hf-hub:a/b", copy)
    assert "config.json" in set(files["file"])
    assert set(files["revision"]) == {""}
    with pytest.raises(UserError, match="hf-hub:a/b lacks"):
        fetch("hf-hub:a/b", tmp_path / "target")


def test_the_catalogue_names_what_open_clip_and_timm_know():
    """As far as can be told without the hub."""
    catalogue = yaml.safe_load((REPO / "config/pretrained.yaml").read_text(encoding="utf-8"))["encoders"]
    offered = [open_clip.get_pretrained_cfg(*one)["hf_hub"].strip("/") for one in open_clip.list_pretrained()]
    for encoder in catalogue.values():
        name = encoder["source"].removeprefix("hf-hub:")
        if encoder.get("kind") == "timm":
            assert timm.get_pretrained_cfg(name.removeprefix("timm/")).hf_hub_id == name
        else:
            assert name in offered
