"""The same bits every time."""

import os

import torch


def make_deterministic(seed: int) -> None:
    """Seed torch and have it use algorithms that give the same bits every time."""
    torch.manual_seed(seed)
    # Without this setting the GPU's matrix products are not deterministic, and torch refuses them.
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
