"""timm networks: their snapshots, what they see, and what their outputs mean."""

import json

import numpy as np
import pytest
import timm
import torch
from PIL import Image

from mammoflow.errors import UserError
from mammoflow.models import arrays, networks, random_models
from mammoflow.models.squares import Squares


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("network")
    random_models.make_network(folder)
    return folder


def test_the_snapshot_has_timms_layout_and_repeats_to_the_byte(folder, tmp_path):
    assert {path.name for path in folder.iterdir()} >= {"config.json", "model.safetensors"}
    random_models.make_network(tmp_path)
    assert (tmp_path / "model.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()


def test_what_a_network_sees_is_what_its_own_preprocessing_makes(folder, tmp_path):
    """A square picture of the network's size goes in as timm's transform would have it."""
    network = networks.load(folder, n_outputs=2)
    config = timm.data.resolve_model_data_config(network)
    side = config["input_size"][-1]
    pixels = np.random.default_rng(1).integers(0, 255, (side, side), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    arrays.stack([str(tmp_path / "picture.png")], side, tmp_path / arrays.FILE, lambda loop: loop)
    greys = torch.from_numpy(np.load(tmp_path / arrays.FILE))
    transform = timm.data.create_transform(**(config | {"crop_pct": 1.0}), is_training=False)
    expected = transform(Image.open(tmp_path / "picture.png").convert("RGB"))
    torch.testing.assert_close(networks.inputs_of(network, None).of(greys)[0], expected, atol=1e-5, rtol=0)


def test_the_head_is_new_and_the_rest_is_the_snapshots(folder):
    network, published = networks.load(folder, n_outputs=3), timm.create_model(f"local-dir:{folder}", pretrained=True)
    of_snapshot = published.state_dict()
    assert network.state_dict()["head.fc.weight"].shape[0] == 3
    for name, own in network.state_dict().items():
        assert name.startswith("head.fc.") or torch.equal(own, of_snapshot[name]), name


def test_a_network_of_a_fixed_size_is_built_for_the_pictures(tmp_path):
    torch.manual_seed(0)
    swin = timm.create_model("swin_tiny_patch4_window7_224", pretrained=False, depths=(1, 1, 1, 1))
    timm.models.save_for_hf(swin, str(tmp_path), safe_serialization=True, model_args={"depths": (1, 1, 1, 1)})
    if not json.loads((tmp_path / "config.json").read_text())["pretrained_cfg"]["fixed_input_size"]:
        pytest.fail("this network was chosen because its size is fixed")
    network = networks.load(tmp_path, n_outputs=2, side=448).eval()
    with torch.no_grad():
        assert network(torch.zeros(1, 3, 448, 448)).shape == (1, 2)


def test_a_snapshot_that_is_gone_is_named(tmp_path):
    with pytest.raises(UserError, match=r"config\.json is not there; delete the snapshot's table"):
        networks.load(tmp_path, n_outputs=2)


def test_pictures_are_stacked_in_the_order_of_files(tmp_path):
    for n in range(3):
        Image.fromarray(np.full((20, 10), 50 * n, np.uint8)).save(tmp_path / f"{n}.png")
    arrays.stack([str(tmp_path / f"{n}.png") for n in (2, 0, 1)], 8, tmp_path / arrays.FILE, lambda loop: loop)
    squares = Squares(np.load(tmp_path / arrays.FILE, mmap_mode="r"), np.array([1, 2, 0]))
    assert squares.side == 8
    assert squares[np.array([0, 1, 2])].max(axis=(1, 2)).tolist() == [0, 50, 100]
    # Twice as high as wide: black on both sides.
    assert (squares[np.array([2])][0, :, [0, 1, 6, 7]] == 0).all()
