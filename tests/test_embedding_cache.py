"""The embedding cache: what was encoded once is never encoded again, and nothing that is stale is ever read."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mammoflow import tables
from mammoflow.errors import UserError
from mammoflow.models import embeddings

SCRIPTS = Path(embeddings.__file__).parents[2]


def origin(recipe="paper", drawn="d", matched="m"):
    return embeddings.Origin(recipe, drawn, matched)


def pngs(contents):
    """`tables.PNGS` of images by what is in their PNGs; a PNG's name is its content."""
    rows = [
        {
            "image_id": image_id,
            "file": content,
            "sha256": hashlib.sha256(content.encode()).hexdigest(),
            "tone": "stored_range",
            "matching": "none",
        }
        for image_id, content in sorted(contents.items())
    ]
    return tables.frame_of(rows, tables.PNGS)


class Encoder:
    """Two vectors that follow from a PNG's name, and a list of what was encoded."""

    def __init__(self):
        self.encoded = []

    def __call__(self, files):
        self.encoded += files
        numbers = np.array([[int(hashlib.sha256(file.encode()).hexdigest()[:6], 16)] for file in files], np.float32)
        return {"projected": numbers + np.arange(3, dtype=np.float32), "trunk": -numbers}


def fill(folder, contents, encoder, precision="float32", **about):
    return embeddings.fill(folder, pngs(contents), origin=origin(**about), encode=encoder, precision=precision)


@given(st.lists(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("uvwxyz"), min_size=1), max_size=6))
def test_only_pictures_that_no_shard_has_are_encoded(tmp_path_factory, requests):
    folder, encoder, known = tmp_path_factory.mktemp("cache"), Encoder(), set()
    for contents in requests:
        encoder.encoded = []
        filled = fill(folder, contents, encoder)
        assert set(encoder.encoded) == set(contents.values()) - known
        assert filled.encoded == len(encoder.encoded)
        known |= set(contents.values())
        index = embeddings.index(pngs(contents), filled.folder)
        ids = sorted(contents, reverse=True)
        for features in ("projected", "trunk"):
            expected = Encoder()([contents[one] for one in ids])[features]
            np.testing.assert_array_equal(embeddings.lookup(index, ids, features), expected)


def test_what_is_kept_follows_the_index(tmp_path):
    """Images of several shards are found in any order, and what cannot be had is said."""
    shards = [{"i00": "a", "i02": "b"}, {"i10": "c", "i12": "d"}]
    indexes = [embeddings.index(pngs(one), fill(tmp_path, one, Encoder()).folder) for one in shards]
    for each in indexes:
        tables.write(each, tmp_path / "index.tsv", tables.EMBEDDINGS)
    index = pd.concat(indexes)
    found = embeddings.lookup(index, pd.Series(["i12", "i00", "i10"]), "projected")
    np.testing.assert_array_equal(found, Encoder()(["d", "a", "c"])["projected"])
    assert found.dtype == np.float32
    with pytest.raises(UserError, match="image i99 has no embedding"):
        embeddings.lookup(index, ["i99"], "projected")
    with pytest.raises(UserError, match="features is 'other'; allowed with this encoder: projected, trunk"):
        embeddings.lookup(index, ["i00"], "other")
    Path(index["file"].iloc[0]).unlink()
    with pytest.raises(UserError, match="is gone; delete results/embeddings"):
        embeddings.lookup(index, ["i00"], "projected")


def test_vectors_are_kept_in_the_precision_asked_for(tmp_path):
    contents = {"a": "x", "b": "y"}
    filled = fill(tmp_path, contents, lambda files: {"trunk": np.array([[1.0001], [2.0]], np.float32)}, "float16")
    found = embeddings.lookup(embeddings.index(pngs(contents), filled.folder), ["a", "b"], "trunk")
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, [[1.0], [2.0]])


def test_what_is_not_whole_is_not_read(tmp_path):
    fill(tmp_path, {"a": "x"}, Encoder())
    (whole,) = tmp_path.iterdir()
    whole.rename(tmp_path / f".{whole.name}.123")
    encoder = Encoder()
    fill(tmp_path, {"a": "x", "b": "y"}, encoder)
    assert encoder.encoded == ["x", "y"]


def test_why_known_images_are_encoded_anew(tmp_path):
    assert fill(tmp_path, {"a": "1", "b": "2"}, Encoder()).why == ""
    assert fill(tmp_path, {"a": "1", "b": "2", "c": "3"}, Encoder()).why == ""
    assert fill(tmp_path, {"a": "1", "b": "4"}, Encoder(), recipe="other").why == ""
    why = fill(tmp_path, {"a": "5", "b": "6"}, Encoder(), matched="n").why
    assert why == "2 of them were known with other PNGs: the matching tables of recipe paper were fitted anew"
    # The last origin counts, not the first.
    why = fill(tmp_path, {"a": "7", "b": "6", "d": "8"}, Encoder(), matched="n").why
    assert why == "1 of them were known with other PNGs: their pictures have changed"
    why = fill(tmp_path, {"a": "9"}, Encoder(), matched="o", drawn="e").why
    assert why == "1 of them were known with other PNGs: recipe paper has changed"


def test_an_origin_follows_from_settings_and_tables():
    row = {"device": "d", "bits_stored": 12, "tone": "stored_range", "matching": "device", "tensor": "t",
           "sha256": "1", "n_images": 3, "n_fallback": 0, "status": "matched", "reason": ""}  # fmt: skip
    fitted = tables.frame_of([row], tables.MATCHING)
    refitted = tables.frame_of([row | {"sha256": "2"}], tables.MATCHING)
    same = tables.frame_of([row | {"n_images": 4}], tables.MATCHING)
    settings = {"tone": "stored_range", "longest_side": 1024}
    first = embeddings.origin("paper", settings, fitted)
    assert first == embeddings.origin("paper", dict(reversed(settings.items())), same)
    assert first.matched != embeddings.origin("paper", settings, refitted).matched
    assert first.drawn != embeddings.origin("paper", settings | {"longest_side": 512}, fitted).drawn


def test_nothing_of_torch_is_imported_to_read_the_cache():
    code = "import sys, mammoflow.models.embeddings, mammoflow.models.snapshots; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(SCRIPTS)}, capture_output=True, check=True
    )
    assert done.stdout == b"False\n"
