"""The record of a saved model: read back as it was written, and refused where anything is amiss."""

import json

import pytest

from mammoflow.errors import UserError
from mammoflow.files import sha256
from mammoflow.models import cards, records


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "head.safetensors").write_bytes(b"weights")
    record = records.Record(
        experiment="probe",
        seed=1,
        task="density",
        classes=["a", "b"],
        settings={"method": "linear_probe", "encoder": "biomedclip", "recipe": "paper"},
        training={"features": "projected", "learning_rate": [1e-4]},
        recipe={"tone": "stored_range"},
        scan={"longest_side": 2048},
        source={"source": "random"},
        data_key="0" * 32,
        subsets={"train": {"images": 8, "patients": 2}},
        split_unit="patient",
        validation={"loss": 1.0, "accuracy": 0.5},
        commit="0" * 40,
        warning="untrained",
        files={"head.safetensors": sha256(tmp_path / "head.safetensors")},
    )
    records.write(record, tmp_path, cards.card(record))
    return tmp_path, record


def test_a_record_is_read_as_it_was_written(folder):
    place, record = folder
    assert records.read(place) == record
    card = (place / records.CARD).read_text()
    assert "**untrained.**" in card
    assert "| train | 8 | 2 |" in card


def test_what_is_no_saved_model_is_named(folder, tmp_path):
    place, _ = folder
    path = place / records.RECORD
    whole = json.loads(path.read_text())
    for change, message in (
        ("[]", "is no record of a saved model"),
        (json.dumps({key: value for key, value in whole.items() if key != "classes"}), "is no record of a saved model"),
        (json.dumps(whole | {"format": 2}), "has format 2, and this version reads 1"),
    ):
        path.write_text(change)
        with pytest.raises(UserError, match=message):
            records.read(place)
    path.write_text(json.dumps(whole))
    records.check(records.read(place), place)
    (place / "head.safetensors").write_bytes(b"other")
    with pytest.raises(UserError, match=r"head\.safetensors is gone, or is not the file that was saved"):
        records.check(records.read(place), place)
    path.unlink()
    with pytest.raises(UserError, match=r"holds no record\.json; name the folder of a saved model"):
        records.read(place)
