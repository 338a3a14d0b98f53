"""What is trained on: rows, their order and their weights."""

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.class_weight import compute_class_weight

from mammoflow.models import subsets


def test_an_epoch_holds_every_row_once_in_an_order_of_seed_and_epoch():
    rows = np.arange(100, 170)
    first, again, other, of_seed = (
        subsets.order(rows, seed=seed, epoch=epoch) for seed, epoch in ((1, 1), (1, 1), (1, 2), (2, 1))
    )
    assert sorted(first) == list(rows)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first != of_seed).any()


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
