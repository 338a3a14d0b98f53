"""Extracted labels beside what is known: the same as scikit-learn counts, and never flattering."""

import math

import docx
import numpy as np
import pytest
import sklearn.metrics

from mammoflow import tables, tasks
from mammoflow.pages import audits
from mammoflow.privacy import Pseudonyms, load_key
from mammoflow.reports import auditing
from tests.conftest import REPO
from tests.test_workflow import cdd_tree, checkout, run, write_config

__all__ = ["checkout"]
TASK = tasks.load(REPO / "resources/tasks/density.yaml")
CLASSES = TASK.keys


def make_labels(*rows):
    """Labels given as (exam_id, side, label or status)."""
    made = []
    for exam_id, side, said in rows:
        status = said if said in auditing.WITHOUT_LABEL else "labelled"
        label = said if status == "labelled" else ""
        made.append({"exam_id": exam_id, "side": side, "label": label, "status": status, "level": "exam"})
    return tables.frame_of(made, tables.LABELS)


def make_audit(*pairs):
    rows = [
        {"exam_id": f"{i:02d}", "stated": stated, "found": found, "agree": stated == found}
        for i, (stated, found) in enumerate(pairs)
    ]
    return tables.frame_of(rows, tables.AUDIT)


def said(audited):
    return {(row.exam_id, row.side): (row.stated, row.found, row.agree) for row in audited.itertuples()}


def test_the_demos_truth_is_known_of_exams_with_a_report(tmp_path):
    rows = [("1", "b", "b"), ("2", "c", "none"), ("3", "c", "c"), ("4", "c", ""), ("5", "d", "none")]
    truth = tables.frame_of([dict(zip(tables.TRUTH.columns, row, strict=True)) for row in rows], tables.TRUTH)
    labels = make_labels(("1", "", "b"), ("2", "", "ambiguous"), ("3", "", "c"), ("3", "R", "a"), ("4", "", "b"))
    audited = auditing.audit(labels, auditing.known_of_truth(truth, TASK))
    tables.write(audited, tmp_path / "audit.tsv", tables.AUDIT)
    assert said(tables.read(tmp_path / "audit.tsv", tables.AUDIT)) == {
        ("1", ""): ("b", "b", True),
        ("2", ""): ("none", "ambiguous", False),
        ("3", ""): ("c", "c", True),
        ("5", ""): ("none", "missing", False),
    }


def test_the_demos_truth_is_known_as_classes_of_the_task():
    rows = [("1", "b", "b"), ("2", "c", "none"), ("3", "c", "c"), ("4", "d", "ambiguous")]
    truth = tables.frame_of([dict(zip(tables.TRUTH.columns, row, strict=True)) for row in rows], tables.TRUTH)
    dense = tasks.load(REPO / "resources/tasks/dense.yaml")
    assert auditing.known_of_truth(truth, dense)["stated"].tolist() == ["non_dense", "none", "dense", "ambiguous"]


def test_a_breast_is_found_by_its_own_label_and_else_by_the_exams():
    labels = make_labels(
        ("1", "", "ambiguous"),
        ("1", "L", "b"),
        ("1", "R", "c"),
        ("2", "", "a"),
        ("3", "", "d"),
        ("3", "L", "ambiguous"),
    )
    known = make_labels(
        ("1", "L", "b"), ("1", "R", "b"), ("2", "L", "a"), ("2", "R", "b"), ("3", "L", "d"), ("4", "L", "a"),
        ("1", "", "c"), ("2", "", "none"),
    )  # fmt: skip
    # Of what has no class nothing is known: an empty cell, two values for one breast.
    known = auditing.known_of_labels(known)
    assert len(known) == 7
    assert said(auditing.audit(labels, known)) == {
        ("1", "L"): ("b", "b", True),
        ("1", "R"): ("b", "c", False),
        ("2", "L"): ("a", "a", True),
        ("2", "R"): ("b", "a", False),
        ("3", "L"): ("d", "ambiguous", False),
        ("4", "L"): ("a", "missing", False),
        ("1", ""): ("c", "ambiguous", False),
    }


def test_nothing_known_and_nothing_found_is_a_valid_table():
    for labels, known in ((make_labels(), make_labels(("1", "", "a"))), (make_labels(("1", "", "a")), make_labels())):
        audited = auditing.audit(labels, auditing.known_of_labels(known))
        assert len(tables.AUDIT.schema.validate(audited)) == len(known)


def test_agreement_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    stated = rng.choice(CLASSES, 200)
    found = np.where(rng.random(200) < 0.7, stated, rng.choice([*CLASSES, "none", "ambiguous"], 200))
    audited = make_audit(*zip(stated, found, strict=True), ("none", "b"), ("ambiguous", "ambiguous"), ("a", "missing"))
    counted = auditing.agreement(audited, CLASSES)
    both = np.isin(found, CLASSES)
    assert (counted.n, counted.without_report, counted.n_classes) == (202, 1, both.sum())
    assert counted.agreed == (stated == found).sum() + 1
    assert counted.silently_wrong == (both & (stated != found)).sum() + 1
    kappa = sklearn.metrics.cohen_kappa_score
    assert counted.kappa == pytest.approx(kappa(stated[both], found[both]))
    assert counted.kappa_quadratic == pytest.approx(kappa(stated[both], found[both], weights="quadratic"))
    assert counted.kappa_quadratic != pytest.approx(counted.kappa)


@pytest.mark.parametrize("pairs", [[], [("a", "missing")], [("none", "none")], [("c", "c"), ("c", "c")]])
def test_kappa_is_missing_where_chance_alone_would_agree(pairs):
    counted = auditing.agreement(make_audit(*pairs), CLASSES)
    assert math.isnan(counted.kappa)
    assert math.isnan(counted.kappa_quadratic)


def test_classes_that_nobody_states_do_not_change_the_weights():
    # With a and d only, a quadratic distance of 9 must stay 9, whether or not b and c occur.
    pairs = [("a", "a"), ("a", "d"), ("d", "d"), ("c", "c")]
    expected = sklearn.metrics.cohen_kappa_score(
        [s for s, _ in pairs], [f for _, f in pairs], labels=CLASSES, weights="quadratic"
    )
    assert auditing.agreement(make_audit(*pairs), CLASSES).kappa_quadratic == pytest.approx(expected)


def test_disagreements_are_in_order_and_leave_out_what_has_no_report():
    audited = make_audit(("c", "b"), ("c", "missing"), ("c", "c"), ("none", "d")).iloc[::-1]
    assert auditing.disagreements(audited)["exam_id"].tolist() == ["00", "03"]


def test_the_audit_on_a_page():
    audited = make_audit(("c", "c"), ("c", "b"), ("none", "d"), ("b", "ambiguous"), ("b", "missing"))
    shown = audits.of_run(audited, TASK, dataset="demo", corrected=False, most=2)
    assert "written by this workflow" in shown.about
    assert "correction" not in shown.about
    values = {row[0].split(":")[0]: row[1:] for row in shown.measures.rows}
    assert values["known, and with a report"][0] == 4
    assert values["found as known"] == (1, 0.25)
    assert values["silently wrong"][0] == 2
    assert values["known, but without a report"][0] == 1
    crossed = {row[0]: dict(zip(shown.crossed.columns[1:], row[1:], strict=True)) for row in shown.crossed.rows}
    assert list(crossed) == [*(f"{TASK.of(key).name} ({key})" for key in "bc"), "none"]
    assert crossed["none"]["found d"] == 1
    assert sum(sum(row.values()) for row in crossed.values()) == len(audited)
    assert shown.disagreements.rows == [("01", "exam", "c", "b"), ("02", "exam", "none", "d")]
    assert shown.disagreements.notes == ("The first 2 by their ids; 1 more stand in results/labels/audit.tsv.",)


def test_the_audit_says_where_its_knowledge_is_from_and_that_corrections_come_after_it():
    audited = make_audit(("c", "c")).assign(side="L")
    shown = audits.of_run(audited, TASK, dataset="cdd_cesm", corrected=True, most=2)
    assert "own annotations, not what the reports state" in shown.about
    assert "before a person's corrections" in shown.about
    assert shown.measures.columns[1] == "breasts"
    assert shown.disagreements.notes == ()
    assert "found missing" not in shown.crossed.columns
    assert "labels.audit" in audits.of_run(audited, TASK, dataset="folder", corrected=False, most=2).about


@pytest.mark.workflow
def test_reports_of_a_public_set_are_audited_by_its_annotations_of_each_breast(checkout, tmp_path):
    root = cdd_tree(tmp_path / "root", np.random.default_rng(0))
    # The workbook says D of patient 2, B of 3, and C of 4.
    said = {"P2": "ACR D: Extremely dense breasts.", "P3": "ACR C: Heterogeneously dense breasts.", "P4": "Normal."}
    (root / "Medical reports for cases").mkdir()
    for name, text in said.items():
        document = docx.Document()
        document.add_paragraph(text)
        document.save(root / "Medical reports for cases" / f"{name}.docx")
    dataset = {"kind": "cdd_cesm", "root": str(root), "variant": "subtracted"}
    write_config(tmp_path, {"dataset": dataset, "labels": {"source": "reports", "level": "breast"}, "shards": 1})
    run(checkout, tmp_path, "results/labels/audit.tsv")
    audit = tables.read(tmp_path / "results/labels/audit.tsv", tables.AUDIT)
    pseudonyms = Pseudonyms(load_key(tmp_path / "private/id.key"), "cdd_cesm")
    assert len(audit) == 24
    own = audit.set_index(["exam_id", "side"])
    for name, pair in {"P2": ("d", "d"), "P3": ("b", "c"), "P4": ("c", "none")}.items():
        for side in "LR":
            assert tuple(own.loc[(pseudonyms.of("exam", name), side), ["stated", "found"]]) == pair
    assert set(audit["found"]) == {"d", "c", "none", "missing"}
