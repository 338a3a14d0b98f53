"""Tables: what is written is what is read, and what is wrong is found where it is made."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mammoflow import tables
from mammoflow.errors import UserError

ALL = [value for value in vars(tables).values() if isinstance(value, tables.Table)]


def truth(*rows):
    return tables.frame_of(
        [dict(zip(("exam_id", "density", "stated"), row, strict=True)) for row in rows], tables.TRUTH
    )


def file_row(relative, **other):
    return {"relative": relative, "path": "/x", "bytes": 1, "mtime_ns": 2, **other}


def round_trip(frame, table, folder):
    path = folder / "table.tsv"
    tables.write(frame, path, table)
    return tables.read(path, table)


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_empty_table(table, tmp_path):
    frame = tables.empty(table)
    if table in (tables.PREDICTIONS, tables.UNIT_PREDICTIONS):
        frame = frame.drop(columns="^p_.+$", errors="ignore").assign(p_a=pd.Series(dtype="float64"))
    back = round_trip(frame, table, tmp_path)
    assert back.empty
    assert list(back.columns) == list(frame.columns)


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_every_table_says_what_it_holds(table):
    assert table.about
    assert set(table.key) <= set(table.columns)
    assert all(column.description for column in table.columns.values())


@pytest.mark.parametrize(
    "text",
    [
        "a\tb",
        "a\nb",
        "a\r\nb",
        "a\rb",
        '"quoted"',
        'half "quoted',
        "'",
        "a\\tb",
        " space ",
        "NA",
        "nan",
        "None",
        "007",
        "1e5",
        "True",
        "#",
        "ñ é",
        "\udcff",
        "\ufeff",
    ],
    ids=ascii,
)
def test_text_comes_back_as_it_was(text, tmp_path):
    assert list(round_trip(truth((text, text, text)), tables.TRUTH, tmp_path).iloc[0]) == [text] * 3


def test_empty_text_stays_empty_text(tmp_path):
    back = round_trip(truth(("1", "a", "")), tables.TRUTH, tmp_path)
    assert list(back["stated"]) == [""]


def test_missing_number_stays_missing(tmp_path):
    row = dict.fromkeys(tables.IMAGES.columns, "") | {"rows": None, "columns": 7, "bits_stored": None}
    row |= {"image_id": "1", "status": "accepted"}
    row |= dict.fromkeys(tables.IMAGES.key, "1")
    back = round_trip(tables.frame_of([row], tables.IMAGES), tables.IMAGES, tmp_path)
    assert back["rows"].isna().all()
    assert list(back["columns"]) == [7]
    assert str(back["columns"].dtype) == "Int64"


def test_flags_come_back_as_flags(tmp_path):
    rows = [{"exam_id": key, "stated": "a", "found": "b", "agree": flag} for key, flag in (("1", True), ("2", False))]
    back = round_trip(tables.frame_of(rows, tables.AUDIT), tables.AUDIT, tmp_path)
    assert list(back["agree"]) == [True, False]
    assert back["agree"].dtype == bool


def test_real_numbers_come_back_to_the_last_bit(tmp_path):
    values = [0.1 + 0.2, 1e-300, 1 / 3, 0.9999999999999999]
    rows = [
        {"epoch": epoch, "train_loss": value, "validation_loss": value, "validation_accuracy": value, "best": False}
        for epoch, value in enumerate(values, 1)
    ]
    back = round_trip(tables.frame_of(rows, tables.CURVE), tables.CURVE, tmp_path)
    assert list(back["train_loss"]) == values


def test_rows_are_sorted_by_the_key(tmp_path):
    back = round_trip(truth(("b", "a", ""), ("10", "b", ""), ("a", "c", ""), ("9", "d", "")), tables.TRUTH, tmp_path)
    assert list(back["exam_id"]) == ["10", "9", "a", "b"]


def test_order_of_rows_does_not_change_the_bytes(tmp_path):
    frame = truth(*((str(number), "a", "") for number in range(50)))
    tables.write(frame, tmp_path / "one.tsv", tables.TRUTH)
    tables.write(frame.sample(frac=1, random_state=0), tmp_path / "two.tsv", tables.TRUTH)
    assert (tmp_path / "one.tsv").read_bytes() == (tmp_path / "two.tsv").read_bytes()


def test_read_all_joins_and_sorts(tmp_path):
    for name, keys in (("0", "ca"), ("1", "b"), ("2", "")):
        tables.write(truth(*((key, "a", "") for key in keys)), tmp_path / f"{name}.tsv", tables.TRUTH)
    whole = tables.read_all([str(tmp_path / f"{name}.tsv") for name in "012"], tables.TRUTH)
    assert list(whole["exam_id"]) == ["a", "b", "c"]
    assert list(whole.index) == [0, 1, 2]


SECRET = "García López"  # stands for a patient's name


def wrong_rows(**change):
    return tables.frame_of([file_row(SECRET, **change)], tables.INPUT_FILES)


@pytest.mark.parametrize(
    "frame",
    [
        wrong_rows(bytes=-1),
        wrong_rows(bytes=None),
        wrong_rows(path=""),
        tables.frame_of([file_row(SECRET), file_row(SECRET)], tables.INPUT_FILES),
        wrong_rows().drop(columns="bytes"),
        wrong_rows().assign(more=SECRET),
        wrong_rows()[["path", "relative", "bytes", "mtime_ns"]],
    ],
    ids=["value", "missing number", "empty id", "duplicate key", "missing column", "unknown column", "other order"],
)
def test_wrong_frame_is_not_written(frame, tmp_path):
    path = tmp_path / "files.tsv"
    with pytest.raises(UserError) as caught:
        tables.write(frame, path, tables.INPUT_FILES)
    check_said(caught.value, path)
    assert list(tmp_path.iterdir()) == []


HEADER = "relative\tpath\tbytes\tmtime_ns"


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\n{SECRET}\tx\tmany {SECRET}\t2\n",
        f"{HEADER}\n{SECRET}\tx\t1.5\t2\n",
        f"{HEADER}\n{SECRET}\tx\t\t2\n",
        f"{HEADER}\n{SECRET}\tx\t1\t2\n{SECRET}\ty\t1\t2\n",
        f"relative\tpath\tbytes\n{SECRET}\tx\t1\n",
        f"{HEADER}\tmore\n{SECRET}\tx\t1\t2\t{SECRET}\n",
        f"path\trelative\tbytes\tmtime_ns\nx\t{SECRET}\t1\t2\n",
    ],
    ids=["text for number", "fraction", "missing number", "duplicate key", "missing column", "unknown column", "order"],
)
def test_wrong_file_is_not_read(text, tmp_path):
    path = tmp_path / "files.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        tables.read(path, tables.INPUT_FILES)
    check_said(caught.value, path)


@pytest.mark.parametrize("text", ["", f'{HEADER}\n"{SECRET}\tx\t1\t2\n', "\n\n"], ids=["empty", "open quote", "blank"])
def test_file_that_is_no_table(text, tmp_path):
    path = tmp_path / "files.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        tables.read(path, tables.INPUT_FILES)
    check_said(caught.value, path)


def test_flag_that_is_none(tmp_path):
    path = tmp_path / "audit.tsv"
    path.write_text("exam_id\tstated\tfound\tagree\n1\ta\ta\tmaybe\n", encoding="utf-8")
    with pytest.raises(UserError, match="column agree: a value is not of type bool"):
        tables.read(path, tables.AUDIT)


def check_said(error, path):
    """The message names the file, says what to do, and shows no value of a cell."""
    assert str(path) in str(error)
    assert "delete the file" in str(error)
    assert "García" not in str(error)
    assert "\n" not in str(error)


def test_value_outside_the_allowed_ones(tmp_path):
    frame = tables.frame_of(
        [{"exam_id": "1", "texts": 1, "language": "es", "status": "lost", "reason": "", "sections": ""}], tables.REPORTS
    )
    with pytest.raises(UserError, match="column status at row 0"):
        tables.write(frame, tmp_path / "reports.tsv", tables.REPORTS)


def prediction(**change):
    row = dict.fromkeys(("image_id", "exam_id", "patient_id"), "1")
    row |= {"laterality": "L", "view": "CC", "subset": "test", "label": "a"}
    return pd.DataFrame([{**row, "p_a": 0.25, "p_b+c": 0.75, **change}])


def test_predictions_have_a_column_for_each_class(tmp_path):
    back = round_trip(prediction(), tables.PREDICTIONS, tmp_path)
    assert tables.predicted_classes(back) == ["a", "b+c"]
    assert tables.probability_columns(["a", "b+c"]) == ["p_a", "p_b+c"]
    assert list(back["p_b+c"]) == [0.75]


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_probability_outside_its_range(value, tmp_path):
    with pytest.raises(UserError):
        tables.write(prediction(p_a=value), tmp_path / "p.tsv", tables.PREDICTIONS)


TEXT = st.text(max_size=20)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        TEXT.filter(bool),
        st.tuples(TEXT.filter(bool), st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1)),
        max_size=6,
    )
)
def test_round_trip(tmp_path, entries):
    rows = [
        {"relative": relative, "path": path, "bytes": size, "mtime_ns": time}
        for relative, (path, size, time) in entries.items()
    ]
    back = round_trip(tables.frame_of(rows, tables.INPUT_FILES), tables.INPUT_FILES, tmp_path)
    assert back.to_dict("records") == sorted(rows, key=lambda row: row["relative"])
