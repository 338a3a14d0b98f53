"""Networks with weights of one's own: what a file must hold, and the snapshot that is made of it."""

import json
import os

import pytest
import timm
import torch
import yaml
from safetensors.torch import load_file, save_file

from mammoflow import tables
from mammoflow.errors import UserError
from mammoflow.models import networks, own_weights, snapshots


def weights_of(model="test_resnet", seed=1, **settings):
    torch.manual_seed(seed)
    return {name: own.clone() for name, own in timm.create_model(model, **settings).state_dict().items()}


def assert_is_snapshot_of(folder, weights, n_outputs, heads):
    """Every weight but those of the head is the file's."""
    found = networks.load(folder, n_outputs=n_outputs).state_dict()
    assert {name for name in found if name.startswith(heads)}
    for name, own in found.items():
        assert torch.equal(own, weights[name]) != name.startswith(heads), name


@pytest.mark.parametrize(
    ("model", "heads"), [("test_resnet", "fc."), ("test_convnext", "head.fc.w"), ("test_vit", "head.w")]
)
def test_the_snapshot_has_the_files_weights_and_a_head_of_its_own(tmp_path, model, heads):
    weights = weights_of(model, num_classes=5)
    save_file(weights, tmp_path / "mine.safetensors")
    own_weights.make_snapshot(model, tmp_path / "mine.safetensors", tmp_path / "snapshot")
    # As many classes as the file's: its head is not taken for the new one.
    assert_is_snapshot_of(tmp_path / "snapshot", weights, 5, heads)
    config = json.loads((tmp_path / "snapshot/config.json").read_text())
    published = timm.create_model(model).pretrained_cfg
    for key in ("input_size", "mean", "std", "interpolation"):
        assert config["pretrained_cfg"][key] == list(published[key]) or config["pretrained_cfg"][key] == published[key]


@pytest.mark.parametrize("name", ["mine.pth", "mine.pt"])
def test_a_checkpoint_of_torch_with_its_wrappings_is_read(tmp_path, name):
    weights = weights_of(num_classes=1)
    torch.save({"state_dict": {f"module.{key}": own for key, own in weights.items()}, "epoch": 3}, tmp_path / name)
    own_weights.make_snapshot("test_resnet.r160_in1k", tmp_path / name, tmp_path / "snapshot")
    assert_is_snapshot_of(tmp_path / "snapshot", weights, 3, "fc.")


@pytest.mark.parametrize("head", [{}, {"fc.1.weight": torch.zeros(3, 7), "fc.1.bias": torch.zeros(3)}])
def test_a_file_without_a_head_or_with_another_is_as_good(tmp_path, head):
    whole = weights_of()
    weights = {name: own for name, own in whole.items() if not name.startswith("fc.")}
    save_file(weights | head, tmp_path / "mine.safetensors")
    own_weights.make_snapshot("test_resnet", tmp_path / "mine.safetensors", tmp_path / "snapshot")
    assert load_file(tmp_path / "snapshot/model.safetensors").keys() == weights.keys()


def test_the_same_file_gives_the_same_bytes(tmp_path):
    save_file(weights_of(), tmp_path / "mine.safetensors")
    for name in ("once", "again"):
        own_weights.make_snapshot("test_resnet", tmp_path / "mine.safetensors", tmp_path / name)
    accounts = [snapshots.account(tmp_path / name, source="file:mine.safetensors") for name in ("once", "again")]
    assert accounts[0].equals(accounts[1])


def renamed(weights):
    return {f"model.{name}": own for name, own in weights.items()}


def without_one(weights):
    return {name: own for name, own in weights.items() if name != "conv1.0.weight"}


def narrower(weights):
    return weights | {"bn1.bias": torch.zeros(3)}


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (without_one, ": 1 missing, the first conv1.0.weight; name the model"),
        (narrower, ": 1 of another shape, the first bn1.bias; name the model"),
        (renamed, " missing, the first conv1.0.weight; "),
        (renamed, " unexpected, the first model."),
    ],
)
def test_weights_of_another_network_are_refused_in_one_line(tmp_path, spoilt, said):
    weights = weights_of()
    save_file(spoilt(weights), tmp_path / "mine.safetensors")
    with pytest.raises(UserError) as caught:
        own_weights.make_snapshot("test_resnet", tmp_path / "mine.safetensors", tmp_path / "snapshot")
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'mine.safetensors'} does not hold the weights of test_resnet: ")
    assert said in message
    assert "\n" not in message
    assert not (tmp_path / "snapshot").exists()


class Code:
    """What writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_code_in_a_file_is_not_run(tmp_path):
    torch.save({"conv1.0.weight": Code(str(tmp_path / "ran"))}, tmp_path / "mine.pth")
    with pytest.raises(UserError, match=r"mine\.pth holds no weights \(.*name a file of nothing but tensors"):
        own_weights.make_snapshot("test_resnet", tmp_path / "mine.pth", tmp_path / "snapshot")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["mine.pth", "mine.safetensors"])
def test_what_is_no_file_of_weights_is_named(tmp_path, name):
    (tmp_path / name).write_text("weights")
    with pytest.raises(UserError, match=rf"{name} holds no weights \("):
        own_weights.make_snapshot("test_resnet", tmp_path / name, tmp_path / "snapshot")
    (tmp_path / name).unlink()
    with pytest.raises(UserError, match="allowed: a file, which is not there"):
        own_weights.make_snapshot("test_resnet", tmp_path / name, tmp_path / "snapshot")


@pytest.mark.parametrize("model", ["resnet_of_mine", "resnet18.mine"])
def test_an_architecture_that_timm_does_not_have_is_named(tmp_path, model):
    with pytest.raises(UserError, match=f"model is '{model}', which timm .* does not know"):
        own_weights.make_snapshot(model, tmp_path / "mine.pth", tmp_path / "snapshot")


@pytest.mark.workflow
def test_each_experiment_has_the_weights_of_its_file_and_a_new_file_is_noticed(snakemake_run, tmp_path):
    names, files = ("one", "other"), {}
    for seed, name in enumerate(names):
        files[name] = weights_of(seed=seed)
        save_file(files[name], tmp_path / f"{name}.safetensors")
    tuned = {"method": "fine_tune", "recipe": "paper", "model": "test_resnet"}
    experiments = {name: tuned | {"weights_file": f"{name}.safetensors"} for name in names}
    settings = {"weights": "pretrained", "experiments": experiments, "run": [*names, "majority"]}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(settings | {"few_shot": {"experiments": []}}))
    targets = [f"results/models/networks/{name}.tsv" for name in names]
    done = snakemake_run(tmp_path, *targets, "--configfile", tmp_path / "mine.yaml")
    assert done.returncode == 0, done.stdout[-6000:]
    for name, target in zip(names, targets, strict=True):
        assert_is_snapshot_of(tmp_path / "results/models/networks" / name, files[name], 4, "fc.")
        found = tables.read(tmp_path / target, tables.MODEL_FILES)
        assert set(found["source"]) == {f"file:{name}.safetensors"}
    save_file(weights_of(seed=7), tmp_path / "one.safetensors")
    changed = snakemake_run(tmp_path, *targets, "-n", "--configfile", tmp_path / "mine.yaml")
    assert [target for target in targets if f"output: {target}" in changed.stdout] == targets[:1]
