"""Fine-tuning against a loop written out here, killed and resumed, in one process and in two."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import timm
import torch
from safetensors.numpy import load_file as load_arrays
from safetensors.torch import load_file

from mammoflow.models import job, kept_networks, networks, random_models, schemes, trained
from mammoflow.models.checkpoints import Checkpoints, Stopped
from mammoflow.models.determinism import make_deterministic
from mammoflow.models.finetuning import Problem, Training
from mammoflow.models.squares import Squares
from mammoflow.models.subsets import Rows
from tests.conftest import REPO

SIDE, N_CLASSES = 64, 3
TRAIN, VALIDATION = np.arange(100), np.arange(100, 140)


def quiet(loop, **_):
    return loop


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny network, and pictures of three classes by brightness, in an array with another order."""
    place = tmp_path_factory.mktemp("fine_tuning")
    random_models.make_network(place / "network")
    rng = np.random.default_rng(0)
    targets = np.arange(150) % N_CLASSES
    pictures = rng.normal(60 + 50 * targets[:, None, None], 20, (150, SIDE, SIDE)).clip(0, 255).astype(np.uint8)
    places = rng.permutation(150)
    array = np.empty_like(pictures)
    array[places] = pictures
    np.save(place / "squares.npy", array)
    np.save(place / "pictures.npy", pictures)
    np.save(place / "places.npy", places)
    return place


def rows_of(weights=None):
    return Rows(TRAIN, VALIDATION, np.arange(150) % N_CLASSES, weights)


def problem_of(folder, scheme, *, head="softmax", weights=None):
    squares = Squares(np.load(folder / "squares.npy", mmap_mode="r"), np.load(folder / "places.npy"))
    network = networks.load(folder / "network", n_outputs=N_CLASSES)
    own = networks.HEADS[head](N_CLASSES)
    return Problem(squares, rows_of(weights), networks.inputs_of(network, SIDE), own, scheme, seed=5)


def trained_here(folder, place, scheme, **settings):
    make_deterministic(5)
    network = networks.load(folder / "network", n_outputs=N_CLASSES, drop_path=scheme.drop_path)
    training = Training(network, problem_of(folder, scheme, **settings), Checkpoints(place, minutes=100))
    return training, pd.DataFrame(training.run(quiet))


@pytest.mark.parametrize("weights", [None, np.array([0.5, 1, 2], np.float32)], ids=["plain", "weighted"])
def test_fine_tuning_is_the_published_loop(folder, tmp_path, weights):
    scheme = schemes.of("paper", most_epochs=4)
    training, curve = trained_here(folder, tmp_path, scheme, weights=weights)

    torch.manual_seed(5)
    network = timm.create_model(f"local-dir:{folder / 'network'}", pretrained=True, num_classes=N_CLASSES)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4, weight_decay=1e-2)
    loss_of = torch.nn.CrossEntropyLoss(weight=None if weights is None else torch.tensor(weights))
    config = timm.data.resolve_model_data_config(network)
    mean, std = (torch.tensor(config[key]).view(1, 3, 1, 1) for key in ("mean", "std"))
    grey = torch.tensor(np.load(folder / "pictures.npy")).unsqueeze(1).float() / 255
    data, targets = (grey - mean) / std, torch.arange(150) % N_CLASSES
    losses, states = [], []
    for epoch in range(1, 5):
        network.train()
        order = np.random.default_rng([5, epoch]).permutation(TRAIN)
        for start in range(0, 100, 64):
            batch = order[start : start + 64]
            optimizer.zero_grad()
            loss_of(network(data[batch]), targets[batch]).backward()
            optimizer.step()
        network.eval()
        with torch.no_grad():
            losses.append(loss_of(network(data[VALIDATION]), targets[VALIDATION]).item())
        states.append({name: own.clone() for name, own in network.state_dict().items()})
    np.testing.assert_allclose(curve["validation_loss"], losses, rtol=1e-5)
    best = int(np.argmin(losses))
    assert curve["best"].tolist() == [epoch == best for epoch in range(4)]
    for name, own in training.judged.state_dict().items():
        np.testing.assert_allclose(own.numpy(), states[best][name].numpy(), atol=1e-5, err_msg=name)
    network.load_state_dict(states[best])
    with torch.no_grad():
        expected = network(data).softmax(dim=1).numpy()
    np.testing.assert_allclose(training.probabilities(np.arange(150)), expected, atol=1e-5)


def test_the_published_settings_are_those_of_the_paper():
    paper = schemes.of("paper", most_epochs=1000)
    assert (paper.learning_rate, paper.batch, paper.max_epochs, paper.patience) == (1e-4, 64, 200, 10)
    switched_off = (paper.warm_up, paper.layer_decay, paper.drop_path, paper.label_smoothing, paper.average)
    assert switched_off == (0, 0, 0, 0, 0)
    assert (paper.flip, paper.degrees) == (False, 0)


class Scripted(torch.nn.Module):
    """A network whose validation loss follows a script: its output is a number an epoch, whatever is learnt."""

    def __init__(self, scores):
        super().__init__()
        self.scores, self.epoch = scores, 0
        self.bias = torch.nn.Parameter(torch.zeros(1))
        self.was = False

    def train(self, mode=True):
        self.epoch += mode and not self.was
        self.was = mode
        return super().train(mode)

    def forward(self, batch):
        if not self.training:
            self.bias.data.fill_(self.scores[min(self.epoch, len(self.scores)) - 1])
        first = self.bias.expand(len(batch), 1)
        return torch.cat([first, torch.zeros(len(batch), N_CLASSES - 1)], dim=1) + 0 * batch.mean()


def test_early_stopping_keeps_the_best_epoch(folder, tmp_path):
    scheme = schemes.of("paper", most_epochs=50, patience=3)
    problem = problem_of(folder, scheme)
    # All validation images of class 0: the larger the score, the lower the loss.
    problem.rows.targets[VALIDATION] = 0
    training = Training(Scripted([0.1, 0.5, 0.3, 0.4, 0.2, 9.0]), problem, Checkpoints(tmp_path, minutes=100))
    curve = pd.DataFrame(training.run(quiet))
    assert curve["best"].tolist() == [False, True, False, False, False]
    assert training.judged.bias.item() == pytest.approx(0.5)


def test_a_diverged_training_is_an_error(folder, tmp_path):
    with pytest.raises(RuntimeError, match="diverged"):
        trained_here(folder, tmp_path, schemes.of("paper", most_epochs=2, learning_rate=1e30))


class Narrow(torch.nn.Module):
    """A network with memory for seven images at once."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, batch):
        if len(batch) > 7:
            raise torch.OutOfMemoryError("made up")
        return self.network(batch)


def test_what_does_not_fit_is_halved_with_the_same_result(folder, tmp_path, caplog):
    scheme = schemes.of("paper", most_epochs=2)
    _, whole = trained_here(folder, tmp_path / "whole", scheme)
    make_deterministic(5)
    network = Narrow(networks.load(folder / "network", n_outputs=N_CLASSES))
    training = Training(network, problem_of(folder, scheme), Checkpoints(tmp_path / "narrow", minutes=100))
    parts = pd.DataFrame(training.run(quiet))
    assert training.course.micro_batch == 4
    assert "out of memory: micro-batches of 4 images from step 0 on" in caplog.text
    np.testing.assert_allclose(parts["validation_loss"], whole["validation_loss"], rtol=1e-5)
    np.testing.assert_allclose(parts["train_loss"], whole["train_loss"], rtol=1e-5)


def write_job(folder, place, scheme, head="softmax"):
    own = job.Job(str(folder / "network"), str(folder / "squares.npy"), N_CLASSES, head, scheme, 5, 0.01)
    job.write(place, own, rows_of(), np.load(folder / "places.npy"))


def started(place, processes):
    """The job as a process group of its own."""
    command = [sys.executable, "-m", "mammoflow.models.job", str(place)]
    if processes > 1:
        command[1:1] = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"]
    paths = os.pathsep.join([str(REPO / "workflow/scripts"), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        command, env=os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=open(place / "stderr.txt", "a"),
    )  # fmt: skip


def result_of(place):
    return [(place / name).read_bytes() for name in (job.WEIGHTS, trained.CURVE, trained.PROBABILITIES)]


@pytest.mark.workflow
@pytest.mark.parametrize(("processes", "training"), [(1, "paper"), (1, "modern"), (2, "paper")])
def test_a_killed_training_goes_on_to_the_same_bytes(folder, tmp_path, processes, training):
    scheme = schemes.of(training, most_epochs=8, batch=8)
    for name in ("whole", "killed"):
        write_job(folder, tmp_path / name, scheme)
    assert started(tmp_path / "whole", processes).wait(120) == 0
    rng, resumed = random.Random(training + str(processes)), 0
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
        process = started(tmp_path / "killed", processes)
        # Only a training that has begun is killed: when, counted from its first new checkpoint, is random.
        written = tmp_path / "killed/checkpoint/course.pt"
        before = written.stat().st_mtime_ns if written.exists() else 0
        while process.poll() is None and (written.stat().st_mtime_ns if written.exists() else 0) == before:
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 0.5))
        if process.poll() is None:
            os.killpg(process.pid, number)
            resumed += 1
        process.wait(60)
    assert resumed >= 2
    assert started(tmp_path / "killed", processes).wait(120) == 0
    assert result_of(tmp_path / "killed") == result_of(tmp_path / "whole")
    assert not (tmp_path / "killed/checkpoint").exists()


@pytest.mark.workflow
def test_two_processes_train_as_one_and_predict_every_image_once(folder, tmp_path):
    scheme = schemes.of("paper", most_epochs=10)  # 20 steps
    curves, probabilities = [], []
    for processes in (1, 2):
        place = tmp_path / str(processes)
        write_job(folder, place, scheme)
        assert started(place, processes).wait(120) == 0
        curve, own = trained.load(place)
        curves.append(curve)
        probabilities.append(own)
    assert abs(curves[0]["validation_loss"].iloc[-1] - curves[1]["validation_loss"].iloc[-1]) < 1e-4
    np.testing.assert_allclose(curves[0]["train_loss"], curves[1]["train_loss"], atol=1e-4)
    assert probabilities[1].shape == (150, N_CLASSES)
    np.testing.assert_allclose(*probabilities, atol=1e-4)


def test_who_is_asked_to_end_between_two_trainings_ends_in_the_second(folder, tmp_path, monkeypatch):
    """So that nobody who trains several networks in a row has to be killed."""
    monkeypatch.setattr(Checkpoints, "_asked_to_end", False)
    scheme = schemes.of("paper", most_epochs=2)
    for name in ("first", "second"):
        write_job(folder, tmp_path / name, scheme)
    job.run(tmp_path / "first", quiet)
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Stopped):
        job.run(tmp_path / "second", quiet)
    assert (tmp_path / "second/checkpoint").is_dir()
    monkeypatch.setattr(Checkpoints, "_asked_to_end", False)
    job.run(tmp_path / "second", quiet)
    assert result_of(tmp_path / "second") == result_of(tmp_path / "first")


def pictures_of(folder):
    places = np.load(folder / "places.npy")
    return pd.DataFrame({"sha256": [f"{row:x}" for row in places], "row": places})


def test_a_training_is_kept_by_what_it_learns_from(folder, tmp_path):
    own = job.Job(str(folder / "network"), str(folder / "squares.npy"), N_CLASSES, "softmax",
                  schemes.of("paper", most_epochs=1), 5, 10, keeps_weights=False)  # fmt: skip
    rows, pictures = rows_of(), pictures_of(folder)

    def kept(rows, pictures=pictures, **changed):
        made_by = {"network": "x", "threads": 1, "code": "y"}
        job_now = replace(own, **changed)
        return kept_networks.train(job_now, rows, pictures, made_by=made_by, processes=1, folder=tmp_path)

    first, made = kept(rows)
    assert made
    assert {path.name for path in first.iterdir()} >= {trained.CURVE, trained.PROBABILITIES}
    assert not (first / job.WEIGHTS).exists()
    moved = tmp_path / "elsewhere"
    (moved / "network").mkdir(parents=True)
    others = np.where(np.arange(150) < 140, rows.targets, (rows.targets + 1) % N_CLASSES)
    for same in (
        kept(replace(rows, targets=others)),
        kept(rows, network=str(moved), checkpoint_minutes=99),
    ):
        assert same == (first, False)
    turned = np.where(np.arange(150) > 0, rows.targets, (rows.targets + 1) % N_CLASSES)
    fewer = replace(rows, train=rows.train[:9])
    assert len({first, kept(replace(rows, targets=turned))[0], kept(fewer)[0], kept(rows, seed=6)[0]}) == 4
    # Classes of images that are neither trained on nor validated with are not even handed on.
    assert (load_arrays(first / "rows.safetensors")["targets"][140:] == -1).all()


@pytest.fixture(scope="module")
def resnet(tmp_path_factory):
    """A tiny network with batch norm."""
    place = tmp_path_factory.mktemp("resnet")
    random_models.make_network(place, model="test_resnet")
    return place


@pytest.mark.parametrize("batch", [64, 2, 1])
def test_a_network_with_batch_norm_learns_from_an_image_a_class(folder, resnet, tmp_path, batch):
    """In batches of three, two and one, and of one image; to the same bytes whatever was trained before."""
    one_a_class = Rows(np.arange(3), np.arange(100, 103), np.arange(150) % N_CLASSES)
    scheme = schemes.of("paper", most_epochs=8, batch=batch)
    own = job.Job(str(resnet), str(folder / "squares.npy"), N_CLASSES, "softmax", scheme, 5, 10)
    for name in ("once", "again"):
        job.write(tmp_path / name, own, one_a_class, np.load(folder / "places.npy"))
        job.run(tmp_path / name, quiet)
        torch.rand(3)
    assert result_of(tmp_path / "once") == result_of(tmp_path / "again")
    curve, probabilities = trained.load(tmp_path / "once")
    assert np.isfinite(probabilities).all()
    assert curve["train_loss"].iloc[-1] < curve["train_loss"].iloc[0]
    before, after = load_file(resnet / "model.safetensors"), load_file(tmp_path / "once" / job.WEIGHTS)
    assert not torch.equal(before["bn1.running_mean"], after["bn1.running_mean"])


def test_coral_is_one_score_with_thresholds():
    head = networks.coral_head(4)
    outputs = torch.tensor([[2.0, 0.5, -1.0], [-3.0, -4.0, -6.0]])
    later = 1 / (1 + np.exp(-outputs.numpy()))
    expected = np.stack([1 - later[:, 0], later[:, 0] - later[:, 1], later[:, 1] - later[:, 2], later[:, 2]], axis=1)
    np.testing.assert_allclose(head.probabilities(outputs).numpy(), expected, atol=1e-6)
    losses = head.losses(outputs, torch.tensor([2, 0]), 0.0).numpy()
    by_hand = [-np.log(later[0, 0] * later[0, 1] * (1 - later[0, 2])), -np.log(np.prod(1 - later[1]))]
    np.testing.assert_allclose(losses, by_hand, rtol=1e-5)
    crossed = head.probabilities(torch.tensor([[-1.0, 1.0, 0.0]]))
    assert (crossed >= 0).all()
    assert crossed.sum().item() == pytest.approx(1)


@pytest.mark.parametrize("head", ["softmax", "coral"])
def test_what_is_kept_loads_with_timm_alone(folder, tmp_path, head):
    write_job(folder, tmp_path / "job", schemes.of("paper", most_epochs=1), head)
    job.run(tmp_path / "job", quiet)
    _, expected = trained.load(tmp_path / "job")
    weights = load_file(tmp_path / "job" / job.WEIGHTS)
    own = networks.HEADS[head](N_CLASSES)
    n_outputs = N_CLASSES if head == "softmax" else N_CLASSES - 1
    network = timm.create_model("test_convnext", num_classes=n_outputs)
    network.load_state_dict(weights)
    network.eval()
    inputs = networks.inputs_of(network, SIDE)
    with torch.no_grad():
        found = own.probabilities(network(inputs.of(torch.tensor(np.load(folder / "pictures.npy")))))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)
