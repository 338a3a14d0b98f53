"""Patients who are one person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mammoflow import groups, inputs, layouts, tables
from mammoflow.errors import UserError
from mammoflow.privacy import Pseudonyms

KEEP = Pseudonyms(bytes(32), "folder", "keep")
COLUMNS = {"split.same_persons.patient_column": "id", "split.same_persons.person_column": "curp"}


def images(*rows):
    """Images by patient and pixels; a third value is the status."""
    return tables.frame_of(
        [
            {
                "image_id": f"i{n}", "file_id": f"f{n}", "patient_id": patient, "pixel_blake3": pixels,
                "status": (*status, "accepted")[0],
            }
            for n, (patient, pixels, *status) in enumerate(rows)
        ],
        tables.IMAGES,
    )  # fmt: skip


def persons(tmp_path, *rows, pseudonyms=KEEP):
    path = tmp_path / "same.csv"
    path.write_text("".join(f"{one},{other}\n" for one, other in [("id", "curp"), *rows]))
    return groups.read_same_persons(path, COLUMNS, pseudonyms)


def joined(*given_to_join):
    found = groups.join(*given_to_join)
    return {row.patient_id: (row.group_id, row.joined_by) for row in found.itertuples()}


def test_the_same_pixels_join_patients_whatever_became_of_the_file():
    found = joined(
        images(
            ("p3", "x"), ("p2", "x", "excluded"), ("p2", "y"), ("p4", "y", "quarantined"),
            ("p5", "z"), ("p5", "z", "excluded"), ("p6", ""), ("p7", ""), ("", "x"),
        )
    )  # fmt: skip
    # Joined by a chain; two files of one patient, files without pixels, and files without a patient join nobody.
    assert found == dict.fromkeys(("p2", "p3", "p4"), ("p2", "same_pixels"))


def test_a_table_joins_patients_who_have_images(tmp_path):
    same = persons(
        tmp_path, ("p1", "A"), ("p2", "A"), ("p3", "B"), ("elsewhere", "B"), ("p4", "C"), ("a_link", "C"),
        ("a_link", "D"), ("p5", "D"), ("p6", ""), ("p7", ""),
    )  # fmt: skip
    found = joined(images(*[(f"p{n}", f"pixels{n}") for n in range(1, 8)]), same)
    # p4 and p5 are one through an id that has no image; p3 is the only one of B who has.
    assert found == dict.fromkeys(("p1", "p2"), ("p1", "same_person")) | dict.fromkeys(
        ("p4", "p5"), ("p4", "same_person")
    )


def test_both_reasons_make_one_group_and_are_both_said(tmp_path):
    found = joined(images(("p1", "x"), ("p2", "x"), ("p3", "y")), persons(tmp_path, ("p2", "A"), ("p3", "A")))
    assert found == {
        "p1": ("p1", "same_pixels"),
        "p2": ("p1", "same_person same_pixels"),
        "p3": ("p1", "same_person"),
    }


def test_a_pixel_hash_and_a_person_of_one_name_are_not_one(tmp_path):
    assert joined(images(("p1", "x"), ("p2", "y")), persons(tmp_path, ("p2", "x"))) == {}


def test_ids_of_the_table_become_pseudonyms(tmp_path):
    hashing = Pseudonyms(bytes(32), "folder", "hash")
    same = persons(tmp_path, ("007", "A"), ("8", "A"), pseudonyms=hashing)
    ids = [hashing.of("patient", one) for one in ("007", "8")]
    assert same["patient_id"].tolist() == ids
    assert set(joined(images((ids[0], "x"), (ids[1], "y")), same)) == set(ids)


def test_a_table_of_nobody_here_is_refused(tmp_path):
    with pytest.raises(
        UserError, match=r"^config: split\.same_persons\.patient_column: none of its ids .* allowed: ids"
    ):
        joined(images(("p1", "x")), persons(tmp_path, ("other", "A"), ("another", "A")))


def test_a_column_that_the_table_lacks_is_named(tmp_path):
    path = tmp_path / "same.csv"
    path.write_text("id,person\n1,2\n")
    with pytest.raises(UserError, match=r"config: split\.same_persons\.person_column is 'curp'; allowed: a column of"):
        groups.read_same_persons(path, COLUMNS, KEEP)


def test_nobody_is_joined_where_nobody_is_the_same(tmp_path):
    found = groups.join(images(("p1", "x"), ("p2", "y")))
    tables.write(found, tmp_path / "groups.tsv", tables.GROUPS)
    assert tables.read(tmp_path / "groups.tsv", tables.GROUPS).empty


def test_the_table_is_listed_and_its_change_is_no_other_tables(tmp_path):
    for name in ("decided.tsv", "same.csv"):
        (tmp_path / name).write_text("x")
    labels, split = (
        {"corrections": str(tmp_path / "decided.tsv")},
        {"same_persons": {"table": str(tmp_path / "same.csv")}},
    )
    layout = layouts.of({"kind": "folder"}, labels, split)
    listed = tmp_path / "private/inputs/annotations.tsv"

    def digests():
        inputs.list_files(layout, shards=1, private=tmp_path / "private")
        return [inputs.digest(listed, prefix) for prefix in ("", "labels.", "split.same_persons")]

    before = digests()
    assert tables.read(listed, tables.INPUT_FILES)["relative"].tolist() == [
        "labels.corrections",
        "split.same_persons.table",
    ]
    (tmp_path / "same.csv").write_text("another")
    assert [one == other for one, other in zip(before, digests(), strict=True)] == [False, True, False]


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 6)), min_size=1, max_size=25),
    st.randoms(use_true_random=False),
)
def test_groups_are_the_connected_parts_in_any_order_of_rows(links, random):
    rows = [(f"p{patient}", f"x{pixels}") for patient, pixels in links]
    found = joined(images(*rows))
    random.shuffle(rows)
    assert joined(images(*rows)) == found
    # Independently: spread from each patient, along shared pixels, until nothing is added.
    for patient in {patient for patient, _ in rows}:
        reached = {patient}
        while more := {p for p, x in rows if x in {y for q, y in rows if q in reached}} - reached:
            reached |= more
        assert found.get(patient) == ((min(reached), "same_pixels") if len(reached) > 1 else None)
