"""Made-up values for the pages: of a report, of labels without images, and of the private page of evidence."""

import re
from html.parser import HTMLParser

from mammoflow import machine, provenance, tables
from mammoflow.evaluation import table1
from mammoflow.evaluation.statistics import compare
from mammoflow.figures import style
from mammoflow.pages import (
    audits,
    checklist,
    evidence,
    figures,
    html,
    labels,
    languages,
    limitations,
    manuscript,
    quality,
    sections,
    siblings,
    summary,
)
from mammoflow.pages import provenance as origins
from mammoflow.reports import auditing, records
from tests.test_manuscript import make_study
from tests.test_plots import (
    ENDINGS,
    FIGURES,
    PUBLISHED,
    ROOT,
    SETTINGS,
    TASK,
    WARNING,
    make_classes,
    make_exams,
    make_images,
    make_manifest,
    make_metrics,
    make_predicted,
    make_quality,
)
from tests.test_published import make_published

REPORT = ROOT / "resources/report/report.html.j2"
CAVEAT = "Untrained weights: these numbers mean nothing & more <b>"
SECTIONS = ["run", "cohort", "labels", "split", "images", "table1", "levels", "curves", "subgroups", "few"]
SECTIONS += ["comparisons", "confusion", "mistakes", "training", "explanations", "published", "methods"]
SECTIONS += ["manuscript", "limitations", "checklist", "provenance"]


class Reader(HTMLParser):
    """What is in a page: tags with attributes, and whether they are closed in order."""

    VOID = frozenset({"meta", "img", "link", "br", "input", "wbr"})

    def __init__(self):
        super().__init__()
        self.tags, self.open, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def read(html):
    reader = Reader()
    reader.feed(html)
    assert not reader.open
    return reader


def make_labels(exams):
    rows = [
        {"exam_id": row.exam_id, "status": row.label_status, "level": "exam"}
        | ({"label": "c", "density": "c", "rule": "type_word", "evidence": "SECRET WORDS"} if row.included else {})
        | {"reason": "" if row.included else "two_classes", "side": "", "image_id": ""}
        for row in exams[exams["label_status"] != "missing"].itertuples()
    ]
    text = dict.fromkeys(tables.LABELS.columns, "")
    return tables.frame_of([text | row for row in rows], tables.LABELS)


def make_reports(exams):
    rows = [
        {"exam_id": row.exam_id, "texts": 2, "language": "es", "status": "parsed", "sections": "findings"}
        for row in exams[exams["label_status"] != "missing"].itertuples()
    ]
    return tables.frame_of(rows, tables.REPORTS)


def make_languages():
    """Two exams, of which one gets another label from its translation."""
    compared = [
        {"exam_id": "e1", "original": "b", "translation": "b", "agree": True},
        {"exam_id": "e2", "original": "c", "translation": "ambiguous", "agree": False, "reason": "translation_check"},
    ]
    became = [
        {"exam_id": "e1", "status": "translated", "sentences": 4, "failed": 0},
        {"exam_id": "e2", "status": "translated", "sentences": 4, "failed": 1, "changed": "codes"},
    ]
    return languages.of_run(
        tables.frame_of(compared, tables.LANGUAGES),
        tables.frame_of(became, tables.TRANSLATION),
        task=TASK,
        language="original",
    )


def make_audit():
    rows = [{"exam_id": f"e{i}", "stated": "bc"[i % 2], "found": "bc"[i % 2] if i else "none"} for i in range(18)]
    rows += [{"exam_id": "e18", "stated": "none", "found": "d"}, {"exam_id": "e19", "stated": "b", "found": "c"}]
    rows += [{"exam_id": "e20", "stated": "c", "found": "missing"}]
    return tables.frame_of([row | {"agree": row["stated"] == row["found"]} for row in rows], tables.AUDIT)


def make_matching():
    row = {"device": "Maker 1", "bits_stored": 12, "tensor": "t", "sha256": "ab" * 32, "n_images": 7}
    return tables.frame_of([row | {"status": "matched", "reason": ""}], tables.MATCHING)


def make_devices():
    row = {"device": "Maker 1", "bits_stored": 12}
    return tables.frame_of([row | {"label": key, "n_images": 5 + i} for i, key in enumerate("abcd")], tables.DEVICES)


def make_siblings(seeds=(1, 2)):
    """A split by image leaks, one by patient does not."""
    rows = [
        {"unit": unit, "seed": seed, "label": label, "n_images": n, "n_with_sibling": of_unit * n // 10}
        for unit, of_unit in (("image", 9), ("exam", 1), ("patient", 0))
        for seed in seeds
        for label, n in (("a", 20), ("b", 30), ("c", 40), ("d", 50), ("", 140))
    ]
    return tables.frame_of(rows, tables.SIBLINGS)


def make_choices():
    row = {"epoch": 7, "validation_accuracy": 0.5}
    rows = [
        row | {"seed": seed, "position": at, "setting": f"learning_rate=0.{at + 1}", "validation_loss": 1.2 - at / 10}
        for seed in (1, 2)
        for at in (0, 1)
    ]
    return tables.frame_of([own | {"chosen": own["position"] == own["seed"] % 2} for own in rows], tables.CHOICES)


ALL_VIEWS = {name: [] for name in SETTINGS}


def make_origins(folder):
    """What a manuscript may say of the run, and where its numbers come from."""
    study = make_study()
    (folder / "fine_tune.tsv").write_text("s\tmax_rss\n12.5\t300\n")
    return {
        "not_for_print": manuscript.warning(study),
        "manuscript": manuscript.methods(study, commit="0123abc", versions=provenance.versions()),
        "limitations": limitations.sentences(study, [CAVEAT]),
        "checklist": checklist.table(study, commit="0123abc", limitations=7),
        "inputs": origins.inputs(study.images, {}, ""),
        "machine": origins.machine(machine.about()),
        "times": origins.times(folder, ["fine_tune"]),
    }


def make_values(folder):
    """Everything that the report's template names; figures are drawn into `folder`."""
    for name, draw in FIGURES.items():
        style.save(draw(), **{ending: folder / f"{name}.{ending}" for ending in ENDINGS})
    manifest, metrics = make_manifest(), make_metrics()
    exams = make_exams(manifest)
    predicted = {name: {1: make_predicted(i)} for i, name in enumerate(SETTINGS)}
    leaking, leak = sections.leak_check({1: manifest, 2: manifest})
    notes = table1.notes(SETTINGS, PUBLISHED)
    comparisons = compare(predicted, resamples=20, bootstrap_seed=0)
    images, n = make_images(manifest), summary.test_size(manifest)
    return {
        "task": TASK.name,
        "attribute": TASK.attribute,
        "caveats": [CAVEAT],
        "summary": [
            *summary.cohort(images, exams, manifest),
            summary.result(metrics, comparisons, SETTINGS, warning=WARNING),
        ],
        "warning": WARNING,
        "missing": html.MISSING,
        "resamples": "50",
        **make_origins(folder),
        "commit": provenance.code_commit(ROOT),
        "versions": sections.versions(provenance.versions()),
        "config": "task: density\nweights: random\n",
        "experiments": sections.experiments(SETTINGS, ALL_VIEWS),
        "flow": figures.flow(folder / "flow.png"),
        "cohort": sections.cohort(images, exams),
        "labels": labels.labels(make_labels(exams), TASK, reports=make_reports(exams), exams=exams),
        "audit": audits.of_run(make_audit(), TASK, dataset="demo", corrected=False, most=1),
        "languages": make_languages(),
        "evidence": evidence.reports(make_own_labels(), make_records(), ["e1", "e2"]),
        "private": True,
        "leaking": leaking,
        "leak": leak,
        "siblings_said": siblings.sentence(make_siblings(), TASK, unit="patient"),
        "siblings": siblings.table(make_siblings(), TASK, unit="patient"),
        "classes": sections.classes(make_classes(manifest), TASK),
        "classes_figure": figures.classes(folder / "classes.png"),
        "subsets": [sections.subsets(manifest, seed=seed, task=TASK) for seed in (1, 2)],
        "matching": sections.matching(
            {"device": make_matching(), "plain": tables.empty(tables.MATCHING)}, {"device": "device", "plain": "none"}
        ),
        "class_mix": [quality.class_mix(make_devices(), TASK)],
        "told": quality.told({"device": make_quality()}, {"device": "device"}),
        "shares": quality.shares({"device": make_quality()}, {"device": "device"}, TASK),
        "brightness_figures": [figures.brightness(folder / "brightness.png")],
        "matching_figures": [figures.matching(folder / "matching.png")],
        "table1": sections.main_table(table1.make(metrics, SETTINGS, PUBLISHED), notes),
        "forest": figures.forest(folder / "experiments.png", n=n, published=True),
        "levels": sections.levels(metrics),
        "by_class": sections.by_class(metrics, manifest, TASK, ALL_VIEWS),
        "few_shot": figures.few_shot(folder / "training.png"),
        "comparisons": sections.comparisons(comparisons, list(SETTINGS), {"image": [], "exam": []}),
        "confusion": [figures.confusion(folder / "confusion.png", n=n)],
        "training": [figures.training(folder / "training.png")],
        "explanations": [figures.explanations(folder / "explanations.png")],
        "outline": figures.outline(folder / "flow.png"),
        "embedding_figures": [figures.embeddings(folder / "matching.png")],
        "curves": [figures.roc(folder / "training.png", n=n), figures.reliability(folder / "training.png", n=n)],
        "subgroup_figures": [figures.subgroups(folder / "experiments.png", n=n)],
        "mistakes": [figures.mistakes(folder / "matching.png", n=n)],
        "choices": sections.choices({"probe": make_choices()}),
        "has_zero_shot": True,
        "published": make_published(metrics, SETTINGS),
    }


def make_label_page(*, with_reports=True):
    """The report of a run without images."""
    exams = make_exams(make_manifest())
    reports = make_reports(exams) if with_reports else None
    return html.render(
        ROOT / "resources/report/labels.html.j2",
        task=TASK.name,
        caveats=[],
        summary=labels.summary_without_images(make_labels(exams), reports, task=TASK, not_run=list(SETTINGS)),
        labels=labels.labels(make_labels(exams), TASK, reports=reports, exams=None),
        audit=audits.of_run(make_audit(), TASK, dataset="folder", corrected=True, most=9) if with_reports else None,
        languages=make_languages() if with_reports else None,
        private=with_reports,
        commit="0" * 40,
        versions=sections.versions({"numpy": "1"}),
        config="task: density\n",
    )


# Statements are written [words|status|rule], words that were put right {words|read as}.
TEXTS = {
    "e1": (
        ("comparison", "Previo de 2015, [tipo B|rejected|rule_b]. Sin cambios."),
        ("findings", "Sin nódulos. Mamas de {dencidad|densidad}\n[tipo\nC|counted|rule_c]. Ganglios normales."),
    ),
    "e2": (("findings", "Derecha [tipo B|counted|rule_b|R]. Otra frase. Izquierda [tipo {CC|C}|unclear|rule_c|L]."),),
    "e3": (("body", "Sin más <b>datos</b>."),),
    "e4": (("body", "Nada."),),
}
OWN_LABELS = [
    ("e1", "", "c", "labelled", "", "rule_c"),
    ("e2", "", "", "ambiguous", "contradiction", "rule_b | rule_c"),
    ("e2", "L", "c", "labelled", "", "rule_c"),
    ("e3", "", "", "none", "no_statement", ""),
    ("e4", "", "b", "labelled", "corrected", "correction"),
    ("e5", "", "", "ambiguous", "several_texts", ""),
]


def make_record(exam_id, parts):
    """A record of sections in the notation of `TEXTS`."""
    text, cut, said, respelt, opened = "", [], [], [], []
    for kind, marked in parts:
        start = len(text)
        for token in re.split(r"([\[{]|(?:\|[^|\]}]*)+[\]}])", marked):
            if token in ("[", "{"):
                opened.append(len(text))
            elif token.startswith("|"):
                given = token[1:-1].split("|")
                if token[-1] == "}":
                    respelt.append(records.Respelling(opened.pop(), len(text), given[0]))
                else:
                    status, rule, *side = given
                    of_class = (rule[-1],)
                    context = "" if status == "counted" else "hedge"
                    said.append(
                        records.Statement(opened.pop(), len(text), rule, "".join(side), of_class, status, context)
                    )
            else:
                text += token
        cut.append(records.Section(kind, start, len(text)))
        text += "\n"
    return records.Record(f"own {exam_id}", text, tuple(cut), tuple(said), tuple(respelt))


def make_records():
    return {exam_id: make_record(exam_id, parts) for exam_id, parts in TEXTS.items()}


def make_own_labels():
    names = ("exam_id", "side", "label", "status", "reason", "rule")
    rows = [dict(zip(names, row, strict=True)) | {"level": "breast" if row[1] else "exam"} for row in OWN_LABELS]
    return tables.frame_of(rows, tables.LABELS)


def make_own_audit():
    rows = [
        {"exam_id": "e1", "stated": "c", "found": "c", "agree": True},
        {"exam_id": "e2", "side": "L", "stated": "b", "found": "c", "agree": False},
        {"exam_id": "e9", "stated": "b", "found": "missing", "agree": False},
    ]
    return tables.frame_of(rows, tables.AUDIT)


def make_private_page(*, most=9, with_audit=True):
    own, found = make_own_labels(), make_records()
    wrong = auditing.disagreements(make_own_audit())
    return html.render(
        ROOT / "resources/report/private.html.j2",
        caveats=["private"],
        evidence=evidence.of_labels(own, found, most=most),
        disagreements=evidence.of_disagreements(wrong, found, most=most) if with_audit else None,
        reports=evidence.reports(own, found, evidence.choose(own, found, n=10)),
    )
