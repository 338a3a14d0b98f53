"""Grad-CAM: where it must equal CAM, on every layout of features, and for outputs that stand in order."""

import cv2
import numpy as np
import pytest
import timm
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from mammoflow.models import grad_cam, networks

SIDE, N_CLASSES = 32, 3


class Small(nn.Module):
    """Convolutions, the mean over places, and a linear layer; features in a layout of timm's."""

    def __init__(self, layout="NCHW", n_outputs=N_CLASSES):
        super().__init__()
        torch.manual_seed(3)
        self.convolutions = nn.Sequential(nn.Conv2d(3, 6, 3, stride=4), nn.ReLU(), nn.Conv2d(6, 5, 3, padding=1))
        self.linear = nn.Linear(5, n_outputs)
        self.layout = layout
        if layout == "NHWC":
            self.output_fmt = "NHWC"

    def forward_features(self, channels):
        features = self.convolutions(channels)
        if self.layout == "NHWC":
            return features.permute(0, 2, 3, 1)
        if self.layout == "tokens":
            tokens = features.flatten(2).transpose(1, 2)
            return torch.cat([torch.full_like(tokens[:, :2], 9), tokens], dim=1)
        return features

    def forward_head(self, features):
        places = {"NCHW": (2, 3), "NHWC": (1, 2), "tokens": 1}[self.layout]
        if self.layout == "tokens":
            features = features[:, 2:]
        return self.linear(features.mean(places))


def make_channels(n, seed=0, side=SIDE):
    return torch.randn(n, 3, side, side, generator=torch.Generator().manual_seed(seed))


def scaled(coarse, side=SIDE):
    """What is not below zero, drawn large by another library, as share of its maximum."""
    large = cv2.resize(np.maximum(coarse, 0), (side, side), interpolation=cv2.INTER_LINEAR)
    return large / large.max() if large.max() > 0 else large


def test_on_a_network_that_ends_in_a_mean_and_a_linear_layer_it_is_cam():
    """Zhou et al. 2016, doi.org/10.1109/CVPR.2016.319: features weighted by the class's row of the last layer."""
    network, channels, asked = Small(), make_channels(6), torch.tensor([0, 1, 2, 0, 1, 2])
    found = grad_cam.maps(network, channels, asked, head="softmax")
    features = network.convolutions(channels).detach().numpy().astype(float)
    weights = network.linear.weight.detach().numpy().astype(float)
    for own, values, place in zip(found, features, asked.tolist(), strict=True):
        expected = scaled(np.tensordot(weights[place], values, axes=1))
        np.testing.assert_allclose(own, expected, atol=1e-6)
    assert (found.max(axis=(1, 2)) == 1).all()
    assert (found == 0).any()


@pytest.mark.parametrize("layout", ["NHWC", "tokens"])
def test_the_layout_of_features_makes_no_difference(layout):
    channels, asked = make_channels(3), torch.tensor([2, 0, 1])
    found = grad_cam.maps(Small(layout), channels, asked, head="softmax")
    np.testing.assert_allclose(found, grad_cam.maps(Small(), channels, asked, head="softmax"), atol=1e-6)


@given(st.permutations(range(5)), st.integers(1, 5))
def test_a_picture_has_its_map_in_any_company(order, n):
    channels, asked = make_channels(5), torch.tensor([0, 1, 2, 1, 0])
    own = list(order)[:n]
    alone = grad_cam.maps(Small(), channels, asked, head="softmax")[own]
    found = grad_cam.maps(Small(), channels[own], asked[own], head="softmax")
    np.testing.assert_allclose(found, alone, atol=1e-6)


@pytest.mark.parametrize("name", ["test_convnext", "test_resnet", "test_vit", "test_vit2", "swin"])
def test_networks_of_timm_give_the_same_map_twice(name):
    torch.manual_seed(0)
    if name == "swin":
        sizes = {"embed_dim": 24, "depths": (1, 1, 1, 1), "num_heads": (1, 1, 2, 2)}
        network = timm.create_model("swin_tiny_patch4_window7_224", num_classes=N_CLASSES, **sizes)
    else:
        network = timm.create_model(name, num_classes=N_CLASSES)
    side = timm.data.resolve_model_data_config(network)["input_size"][-1]
    channels, asked = make_channels(2, side=side), torch.tensor([0, 2])
    first, second = (grad_cam.maps(network, channels, asked, head="softmax") for _ in range(2))
    assert np.array_equal(first, second)
    assert (first.shape, first.dtype) == ((2, side, side), np.float32)
    assert 0 <= first.min() < first.max() == 1


def test_a_network_that_reads_its_class_token_is_explained_before_its_last_block():
    """At the end other tokens have no gradient at all."""
    torch.manual_seed(0)
    network = timm.create_model("test_vit", num_classes=N_CLASSES).eval()
    channels = make_channels(1, side=160)
    found = grad_cam.maps(network, channels, torch.tensor([1]), head="softmax")
    tokens = network.norm_pre(network._pos_embed(network.patch_embed(channels)))
    tokens = network.blocks[:-1](tokens).detach().requires_grad_()
    network.forward_head(network.norm(network.blocks[-1](tokens)))[0, 1].backward()
    weights, values = tokens.grad[0, 1:].numpy().mean(axis=0), tokens.detach()[0, 1:].numpy()
    np.testing.assert_allclose(found[0], scaled((values @ weights).reshape(10, 10), side=160), atol=1e-5)


def test_classes_in_order_are_explained_by_the_log_of_their_probability():
    """By finite differences: what a place adds to the log-probability of the class in the middle."""
    network, channels = Small(n_outputs=2).double(), make_channels(1).double()
    with torch.no_grad():
        network.linear.weight[1] = network.linear.weight[0]  # one score, and two thresholds
        network.linear.bias[:] = torch.tensor([1.0, -1.0])
        features = network.forward_features(channels)
        head = networks.HEADS["coral"](3)

        def score(values):
            return head.probabilities(network.forward_head(values))[0, 1].log().item()

        weights = []
        for channel in range(5):
            step = torch.zeros_like(features)
            step[0, channel] = 1e-4
            weights.append(score(features + step) - score(features - step))
    found = grad_cam.maps(network, channels, torch.tensor([1]), head="coral")
    expected = scaled(np.tensordot(weights, features[0].numpy(), axes=1))
    np.testing.assert_allclose(found[0], expected, atol=1e-5)


def test_where_nothing_speaks_for_the_class_the_map_is_zero():
    network = Small()
    with torch.no_grad():
        network.convolutions[2].weight.zero_()
        network.convolutions[2].bias.fill_(1)
        network.linear.weight.fill_(-1)
    assert (grad_cam.maps(network, make_channels(2), torch.tensor([0, 1]), head="softmax") == 0).all()
