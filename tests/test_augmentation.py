"""Augmentation mirrors and turns pictures, each by its own draw."""

import numpy as np
import torch
from scipy import ndimage

from mammoflow.models.augmentation import augment

PICTURES = torch.from_numpy(ndimage.gaussian_filter(np.random.default_rng(0).random((40, 1, 33, 33)), (0, 0, 3, 3)))


def test_switched_off_it_changes_nothing():
    same = augment(PICTURES, flip=False, degrees=0.0, rng=np.random.default_rng(1))
    torch.testing.assert_close(same, PICTURES, atol=1e-6, rtol=0)


def test_half_are_mirrored_left_to_right():
    found = augment(PICTURES, flip=True, degrees=0.0, rng=np.random.default_rng(1))
    mirrored = [torch.allclose(one, own.flip(2), atol=1e-6) for one, own in zip(found, PICTURES, strict=True)]
    kept = [torch.allclose(one, own, atol=1e-6) for one, own in zip(found, PICTURES, strict=True)]
    assert all(a != b for a, b in zip(mirrored, kept, strict=True))
    assert 10 < sum(mirrored) < 30


def test_angles_are_within_the_limit_and_those_of_scipys_rotation():
    rng = np.random.default_rng(1)
    found = augment(PICTURES, flip=False, degrees=10.0, rng=rng)
    angles = 20 * np.random.default_rng(1).random((2, 40))[0] - 10
    inside = (slice(None), slice(8, 25), slice(8, 25))  # what no rotation brings in from beyond the edge
    for one, own, angle in zip(found, PICTURES, angles, strict=True):
        expected = [ndimage.rotate(own[0].numpy(), sign * angle, reshape=False, order=1) for sign in (1, -1)]
        near = [np.abs(one[inside][0].numpy() - each[8:25, 8:25]).max() for each in expected]
        assert min(near) < 1e-3
    assert (angles < 0).any()
    assert (angles > 0).any()
