"""Fine-tuning, and what it learns from."""

import copy

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.utils.class_weight import compute_class_weight

from mammoflow.models import finetuning, random_models, subsets, training
from mammoflow.models.subsets import Rows


def quiet(loop):
    return loop


def test_the_published_settings_are_the_defaults():
    assert (finetuning.LEARNING_RATE, finetuning.BATCH, finetuning.PATIENCE) == (1e-4, 64, 10)


class Scripted(torch.nn.Module):
    """A model whose validation loss follows a script: epoch by epoch its bias is set, whatever is learnt."""

    def __init__(self, biases):
        super().__init__()
        self.biases = biases
        self.bias = torch.nn.Parameter(torch.zeros(1))
        self.epoch = 0

    def train(self, mode=True):
        if mode and self.biases:
            self.epoch += 1
        return super().train(mode)

    def forward(self, batch):
        if not self.training:
            self.bias.data.fill_(self.biases[min(self.epoch, len(self.biases)) - 1])
        return torch.cat([self.bias.expand(len(batch), 1), torch.zeros(len(batch), 1)], dim=1) + 0 * batch


def test_early_stopping_keeps_the_best_epoch():
    # All validation rows are class 0: the larger the bias, the lower the loss.
    rows = Rows(np.arange(4), np.arange(4, 8), np.zeros(8, dtype=np.int64))
    model = Scripted([0.1, 0.5, 0.3, 0.4, 0.2, 9.0])
    schedule = training.Schedule(1e-4, 0.0, 4, 50, patience=3)
    data = torch.zeros(8, 2)
    curve = training.train(model, lambda batch: data[batch], rows, schedule, seed=0, progress=quiet)
    assert len(curve) == 5  # three epochs without a better one after the second
    assert curve["best"].tolist() == [False, True, False, False, False]
    assert model.bias.item() == pytest.approx(0.5)


def test_a_diverged_training_is_an_error():
    rows = Rows(np.arange(4), np.arange(4, 8), np.zeros(8, dtype=np.int64))
    schedule = training.Schedule(1e-4, 0.0, 4, 2, patience=3)
    data = torch.full((8, 2), torch.nan)
    with pytest.raises(RuntimeError, match="diverged"):
        training.train(torch.nn.Linear(2, 2), lambda batch: data[batch], rows, schedule, seed=0, progress=quiet)


def test_batches_hold_every_row_once_in_an_order_of_seed_and_epoch():
    rows = np.arange(100, 170)
    first, again, other = (
        np.concatenate(list(subsets.batches(rows, size=64, seed=1, epoch=epoch))) for epoch in (1, 1, 2)
    )
    assert sorted(first) == list(rows)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_class_that_is_not_kept_has_no_position():
    manifest = pd.DataFrame({"subset": ["train", "validation", "unused", "test"], "label": ["b", "c", "a", "c"]})
    rows = subsets.rows_of(manifest, ["b", "c"], weighted=False)
    assert (rows.train.tolist(), rows.validation.tolist(), rows.targets.tolist()) == ([0], [1], [0, 1, -1, 1])


def test_class_weights_are_those_of_scikit_learn_over_the_training_rows():
    manifest = pd.DataFrame({"subset": ["train"] * 8 + ["validation"] * 4, "label": list("abbbbbcc" + "aaab")})
    rows = subsets.rows_of(manifest, ["a", "b", "c"], weighted=True)
    expected = compute_class_weight("balanced", classes=np.array(["a", "b", "c"]), y=manifest["label"][:8])
    np.testing.assert_allclose(rows.weights, expected, rtol=1e-6)
    assert rows.weights[rows.targets[rows.train]].mean() == pytest.approx(1)
    assert subsets.rows_of(manifest, ["a", "b", "c"], weighted=False).weights is None


def test_weights_are_those_of_torchs_own_loss_in_training_and_in_validation():
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 3, 40)
    data = torch.tensor(rng.normal(size=(40, 5)), dtype=torch.float32)
    rows = Rows(np.arange(25), np.arange(25, 40), targets, np.array([0.5, 1, 3], np.float32))
    layer = torch.nn.Linear(5, 3)
    twin = copy.deepcopy(layer)
    schedule = training.Schedule(1e-2, 0.1, 8, 3, patience=3)
    curve = training.train(layer, lambda batch: data[batch], rows, schedule, seed=7, progress=quiet)

    optimizer = torch.optim.AdamW(twin.parameters(), lr=1e-2, weight_decay=0.1)
    weights, labels = torch.tensor([0.5, 1, 3]), torch.tensor(targets)
    weighted = torch.nn.CrossEntropyLoss(weight=weights)
    for epoch in range(1, 4):
        order, before = np.random.default_rng([7, epoch]).permutation(25), 0.0
        for start in range(0, 25, 8):
            batch = order[start : start + 8]
            optimizer.zero_grad()
            loss = weighted(twin(data[batch]), labels[batch])
            before += loss.item() * weights[labels[batch]].sum().item()
            loss.backward()
            optimizer.step()
        before /= weights[labels[:25]].sum().item()
        with torch.no_grad():
            after = weighted(twin(data[25:]), labels[25:]).item()
        assert curve[["train_loss", "validation_loss"]].iloc[epoch - 1].tolist() == pytest.approx([before, after], 1e-5)


@pytest.fixture(scope="module")
def network_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("network")
    random_models.make_network(folder)
    return folder


@pytest.fixture
def pictures(tmp_path):
    """40 PNGs of two classes, dark and bright."""
    rng = np.random.default_rng(0)
    files = []
    for n in range(40):
        pixels = rng.normal(60 + 120 * (n % 2), 20, (50, 40)).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{n}.png")
        files.append(str(tmp_path / f"{n}.png"))
    return files, Rows(np.arange(24), np.arange(24, 32), np.arange(40) % 2)


def fine_tuned(folder, files, rows, epochs=4):
    training.make_deterministic(3)
    network = finetuning.load_network(folder, n_classes=2)
    return finetuning.fine_tune(network, files, rows, max_epochs=epochs, seed=3, progress=quiet)


def test_fine_tuning_learns_and_repeats_to_the_bit(network_folder, pictures):
    files, rows = pictures
    curve, probabilities = fine_tuned(network_folder, files, rows)
    assert curve["train_loss"].iloc[-1] < curve["train_loss"].iloc[0]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    again = fine_tuned(network_folder, files, rows)
    pd.testing.assert_frame_equal(curve, again[0], check_exact=True)
    np.testing.assert_array_equal(probabilities, again[1])


def test_a_network_sees_what_its_own_preprocessing_makes(network_folder, pictures):
    """A square PNG of the network's size goes in as timm's transform would have it."""
    import timm

    files, _ = pictures
    network = finetuning.load_network(network_folder, n_classes=2)
    config = timm.data.resolve_model_data_config(network)
    side = config["input_size"][-1]
    rng = np.random.default_rng(1)
    Image.fromarray(rng.integers(0, 255, (side, side), dtype=np.uint8)).save(files[0])
    seen = []
    network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    finetuning.fine_tune(
        network, files[:1] * 4, Rows(np.arange(2), np.arange(2, 4), np.array([0, 1, 0, 1])),
        max_epochs=1, seed=0, progress=quiet,
    )  # fmt: skip
    transform = timm.data.create_transform(**(config | {"crop_pct": 1.0}), is_training=False)
    expected = transform(Image.open(files[0]).convert("RGB"))
    torch.testing.assert_close(seen[0][0], expected, atol=1e-5, rtol=0)


def test_the_snapshot_has_timms_layout_and_repeats_to_the_byte(network_folder, tmp_path):
    assert {path.name for path in network_folder.iterdir()} >= {"config.json", "model.safetensors"}
    random_models.make_network(tmp_path)
    assert (tmp_path / "model.safetensors").read_bytes() == (network_folder / "model.safetensors").read_bytes()
