"""Pseudonyms and the key behind them."""

import hashlib
import hmac
import multiprocessing
import stat

import pytest

from mammoflow import privacy
from mammoflow.errors import UserError

KEY = bytes(range(32))


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("value", ["12345", "García, Ana", "a b\tc\n", "\udcff"])
def test_pseudonym_is_the_hmac_of_kind_data_set_and_value(value):
    message = b"patient\x1fcdd_cesm\x1f" + value.encode("utf-8", "surrogateescape")
    expected = hmac.new(KEY, message, hashlib.sha256).hexdigest()[:16]
    assert privacy.Pseudonyms(KEY, "cdd_cesm").of("patient", value) == expected


def test_pseudonym_of_known_value():
    # printf 'exam\x1fdemo\x1f7' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102...1f
    assert privacy.Pseudonyms(KEY, "demo").of("exam", "7") == "baab6620482072d4"


def test_kind_data_set_and_key_all_matter():
    names = {
        privacy.Pseudonyms(KEY, "one").of("patient", "7"),
        privacy.Pseudonyms(KEY, "one").of("exam", "7"),
        privacy.Pseudonyms(KEY, "two").of("patient", "7"),
        privacy.Pseudonyms(KEY[::-1], "one").of("patient", "7"),
    }
    assert len(names) == 4


def test_nothing_stays_nothing():
    assert privacy.Pseudonyms(KEY, "demo").of("patient", "") == ""


def test_keep():
    assert privacy.Pseudonyms(KEY, "demo", ids="keep").of("patient", "P55") == "P55"


def test_key_is_made_once_and_closed(tmp_path):
    folder = tmp_path / "private"
    privacy.make_private(folder)
    privacy.ensure_key(folder / "id.key")
    assert mode(folder) == 0o700
    assert mode(folder / "id.key") == 0o600
    assert [path.name for path in folder.iterdir()] == ["id.key"]
    first = privacy.load_key(folder / "id.key")
    privacy.ensure_key(folder / "id.key")
    assert privacy.load_key(folder / "id.key") == first
    assert len(first) == 32


def test_open_folder_is_closed(tmp_path):
    folder = tmp_path / "private"
    folder.mkdir(mode=0o755)
    privacy.make_private(folder)
    assert mode(folder) == 0o700


def test_key_that_is_there_is_not_touched(tmp_path):
    path = tmp_path / "id.key"
    path.write_text("spoilt")
    privacy.ensure_key(path)
    assert path.read_text() == "spoilt"


def test_left_over_of_a_killed_run_does_not_stop_the_next(tmp_path):
    for pid in range(3):
        (tmp_path / f".id.key.{pid}").write_text("")
    privacy.ensure_key(tmp_path / "id.key")
    assert len(privacy.load_key(tmp_path / "id.key")) == 32


def _make(path, barrier, queue):
    barrier.wait()
    privacy.ensure_key(path)
    queue.put(privacy.load_key(path))


def test_concurrent_makers_agree(tmp_path):
    context = multiprocessing.get_context("fork")
    for attempt in range(5):
        path = tmp_path / str(attempt) / "id.key"
        path.parent.mkdir()
        barrier, queue = context.Barrier(6), context.Queue()
        makers = [context.Process(target=_make, args=(path, barrier, queue)) for _ in range(6)]
        for maker in makers:
            maker.start()
        keys = {queue.get(timeout=30) for _ in makers}
        for maker in makers:
            maker.join()
        assert len(keys) == 1
        assert [p.name for p in path.parent.iterdir()] == ["id.key"]


@pytest.mark.parametrize("text", ["", "00" * 31, "00" * 33, "zz" * 32, "ñ" * 64])
def test_unfit_key(tmp_path, text):
    path = tmp_path / "id.key"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"id\.key is no id key: it must hold 64 hexadecimal digits"):
        privacy.load_key(path)


def test_key_may_be_written_in_capitals(tmp_path):
    path = tmp_path / "id.key"
    path.write_text(KEY.hex().upper() + "\n")
    assert privacy.load_key(path) == KEY


def test_the_key_behind_results_is_recorded_and_asked_for(tmp_path):
    key, record = tmp_path / "private/id.key", tmp_path / "results/id_key.txt"
    privacy.make_private(key.parent)
    privacy.settle_key(key, record)
    mark = privacy.fingerprint(privacy.load_key(key))
    assert record.read_text() == mark + "\n"
    assert key.read_text().strip() not in record.read_text()
    privacy.settle_key(key, record)
    kept = key.read_text()
    key.unlink()
    with pytest.raises(UserError, match=r"id\.key is gone, but results/ was made with it: bring it back, or delete"):
        privacy.settle_key(key, record)
    assert not key.exists()
    key.write_text("ab" * 32 + "\n")
    with pytest.raises(UserError, match="is not the key that results/ was made with"):
        privacy.settle_key(key, record)
    key.write_text(kept)
    privacy.settle_key(key, record)
