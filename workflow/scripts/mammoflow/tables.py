"""Every table that crosses a rule's border: one schema each, read and written here only.

Tables are TSV in UTF-8, sorted by their key. An empty cell of a text column is the empty string; an empty cell of a
number is missing. Reading and writing both validate, so that a wrong table is found where it is made.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from mammoflow.errors import UserError
from mammoflow.files import atomic

SUBSETS = ("train", "validation", "test", "unused", "external")
LEVELS = ("image", "breast", "exam")
UNITS = ("patient", "exam", "image")
PROBABILITY = "p_"
_SUM_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Table:
    """A table: its name, what a row is, its key and its columns."""

    name: str
    about: str
    key: tuple[str, ...]
    columns: dict[str, pa.Column]
    checks: tuple[pa.Check, ...] = ()  # across columns

    @property
    def schema(self) -> pa.DataFrameSchema:
        """The pandera schema that every frame of this table satisfies."""
        return pa.DataFrameSchema(
            self.columns, list(self.checks), unique=list(self.key), strict=True, ordered=True, name=self.name
        )


def _text(about: str, *allowed: str, empty: bool = True) -> pa.Column:
    values = [*allowed, ""] if allowed and empty else list(allowed)
    checks = [pa.Check.isin(values)] if allowed else []
    if not empty and not allowed:
        checks.append(pa.Check.str_length(min_value=1))
    return pa.Column(str, checks, description=about)


def _id(about: str) -> pa.Column:
    return _text(about, empty=False)


def _count(about: str, *, missing: bool = False) -> pa.Column:
    return pa.Column("Int64", pa.Check.ge(0), nullable=missing, description=about)


def _real(about: str, *checks: pa.Check, missing: bool = False) -> pa.Column:
    return pa.Column("float64", list(checks), nullable=missing, description=about)


def _flag(about: str) -> pa.Column:
    return pa.Column(bool, description=about)


def _p_value(about: str) -> pa.Column:
    return _real(about, pa.Check.in_range(0, 1), missing=True)


def _add_up(frame: pd.DataFrame) -> pd.Series:
    """Whether the probabilities of each row sum to 1, as far as single precision has it."""
    return (frame.filter(regex=f"^{PROBABILITY}").sum(axis=1, skipna=False) - 1).abs() <= _SUM_TOLERANCE


_SIDE = _text("side of the breast", "L", "R")
_VIEW = _text("projection; other for a view that is neither of the screening views", "CC", "MLO", "other")
_HELD_OUT = _text("side of the test cut", "test", "development", empty=False)
_OFFICIAL = _text("side of the test cut in the data set's own split; empty where it has none", "development", "test")
_ROI = _text("whether a lesion is outlined on it; empty where the data set does not say", "yes", "no")
_SUBSET = _text("where the image stands in this seed's split", *SUBSETS, empty=False)

INPUT_FILES = Table(
    "input files",
    "a file that the walk found, or that the demo made",
    ("relative",),
    {
        "relative": _id("path below the root, which is all that ids and shards depend on"),
        "path": _id("path on this machine"),
        "bytes": _count("size of the file"),
        "mtime_ns": _count("time of last modification, nanoseconds since 1970"),
    },
)

REPORTS = Table(
    "reports",
    "a radiology report found, by exam; holds no text",
    ("exam_id",),
    {
        "exam_id": _id("exam"),
        "texts": _count("files, or rows of the table of reports, that are of this exam"),
        "language": _text("language of the text", "es", "en"),
        "status": _text("what became of the report", "parsed", "empty", "unreadable", "duplicate", empty=False),
        "reason": _text("reason code where the report was not parsed"),
        "sections": _text("sections found, in order, joined by spaces"),
    },
)

TEXTS = Table(
    "report texts",
    "the text of a parsed report (private)",
    ("exam_id",),
    {
        "exam_id": _id("exam"),
        "exam": _id("exam, as the hospital calls it"),
        "text": _text("the report as it was read, before it is cleaned; places in other tables count its characters"),
    },
)

SECTIONS = Table(
    "report sections",
    "a section of a report (private)",
    ("exam_id", "position"),
    {
        "exam_id": _id("exam"),
        "position": _count("place of the section in the report, from 0"),
        "section": _id("kind of section"),
        "start": _count("where its words start in the text"),
        "end": _count("where they end"),
    },
)

TRANSLATION = Table(
    "translation",
    "a radiology report, and what became of its translation; holds no text",
    ("exam_id",),
    {
        "exam_id": _id("exam"),
        "status": _text(
            "what became of it", "translated", "already_english", "unknown_language", "not_parsed", empty=False
        ),
        "sentences": _count("sentences translated"),
        "failed": _count("sentences whose translation does not keep what it must"),
        "changed": _text("what it does not keep, joined by spaces: codes, numbers, numerals, sides, words"),
        "reason": _text("reason code where no label may rest on the translation"),
    },
)

MENTIONS = Table(
    "mentions",
    "a statement found in a report, whether it counts or not (private)",
    ("exam_id", "start", "end", "rule"),
    {
        "exam_id": _id("exam"),
        "start": _count("where the statement starts in the text"),
        "end": _count("where it ends"),
        "rule": _id("rule that found it"),
        "side": _text("breast that it is about; empty for both", "L", "R"),
        "classes": _text("classes that it allows, joined by spaces"),
        "edition": _text("edition of the BI-RADS atlas that the wording follows", "4", "5"),
        "status": _text("whether it counts", "counted", "unclear", "rejected", empty=False),
        "context": _text("what makes it unclear or rejects it"),
    },
)

CORRECTIONS = Table(
    "corrections",
    "a word of a report that was read as another (private)",
    ("exam_id", "start", "end"),
    {
        "exam_id": _id("exam"),
        "start": _count("where the word starts in the text"),
        "end": _count("where it ends"),
        "read_as": _id("what it was read as"),
        "kind": _text("what was wrong with it", "spelling", "joined", "characters", empty=False),
    },
)

REVIEW = Table(
    "review",
    "an exam, or one of its breasts, that a person should decide on (private); may be given back as labels.corrections",
    ("exam", "side"),
    {
        "exam": _id("exam, as the hospital calls it"),
        "side": _text("breast; empty for the exam as a whole", "L", "R"),
        "label": _text("to be filled in: a class of the task, a letter of BI-RADS density, or none"),
        "reason": _text("why there is no label"),
        "sentences": _text("the sentences that statements were found in"),
    },
)

LABELS = Table(
    "labels",
    "the label of an exam, of one of its breasts, or of an image",
    ("exam_id", "side", "image_id"),
    {
        "exam_id": _text("exam; empty where only the image is known"),
        "side": _text("breast; empty for the exam's own label", "L", "R"),
        "image_id": _text("image; only where a data set labels images"),
        "label": _text("class of the task; only where status is labelled"),
        "density": _text("letter of BI-RADS density that the label follows from; empty where it is not one letter"),
        "status": _text("whether a label could be given", "labelled", "none", "ambiguous", empty=False),
        "reason": _text("reason code where there is no label, or where a person gave it"),
        "rule": _text("rule that gave the label"),
        "evidence": _text("the words that gave the label"),
        "edition": _text("edition of the BI-RADS atlas that the wording follows", "4", "5"),
        "level": _text("what the label is about", *LEVELS, empty=False),
    },
)

LANGUAGES = Table(
    "labels by language",
    "an exam whose report was translated, with the label of each text",
    ("exam_id",),
    {
        "exam_id": _id("exam"),
        "original": _id("what was extracted from the report: a class, none or ambiguous"),
        "translation": _id("what was extracted from its translation: a class, none or ambiguous"),
        "reason": _text("reason code where the translation gives no label"),
        "agree": _flag("whether they are the same"),
    },
)

IMAGES = Table(
    "images",
    "an image file found",
    ("image_id", "file_id"),
    {
        "image_id": _id("image; a file that is not accepted may share it with one that is"),
        "file_id": _id("file; images.tsv holds each once"),
        "exam_id": _text("exam"),
        "patient_id": _text("patient"),
        "laterality": _SIDE,
        "view": _VIEW,
        "device": _text("device group: images of one group share a tone curve"),
        "age_band": _text("age at the exam in bands of ten years"),
        "year": _text("year of the exam"),
        "rows": _count("height in pixels", missing=True),
        "columns": _count("width in pixels", missing=True),
        "bits_stored": _count("bits of a stored value", missing=True),
        "photometric": _text("photometric interpretation"),
        "transfer_syntax": _text("transfer syntax UID of a DICOM file; format of another file"),
        "decoder": _text("what decoded the pixels"),
        "file_blake3": _text("BLAKE3 of the file, as b3sum prints it"),
        "pixel_blake3": _text("BLAKE3 of the breast's pixels as they are kept, and of their histogram at full size"),
        "official": _OFFICIAL,
        "roi": _ROI,
        "notes": _text(
            "what is worth knowing of it, joined by spaces: implant; burned_in; high_bits: values beyond the stored "
            "bits were cut; signed; lossy; voi_fallback: the header's window cannot be used"
        ),
        "picture": _text("the 16-bit picture and histogram, below results/work"),
        "status": _text("what became of the file", "accepted", "excluded", "quarantined", empty=False),
        "reason": _text("reason code where the file was not accepted"),
    },
)

WITHDRAWN = Table(
    "withdrawn images",
    "a file that its scan accepted, and that was not accepted once all shards were known",
    ("file_id",),
    {
        "file_id": _id("file"),
        "reason": _id("reason code, as in images.tsv"),
    },
)

BIRTHS = Table(
    "births",
    "an exam with a keyed hash of its patient's date of birth (private)",
    ("exam_id", "patient_id", "birth_id"),
    {
        "exam_id": _id("exam"),
        "patient_id": _id("patient"),
        "birth_id": _id("keyed hash of the date of birth, which is read for private/review.tsv only"),
    },
)

EXAMS = Table(
    "exams",
    "an exam that has an image, a report or a label",
    ("exam_id",),
    {
        "exam_id": _id("exam"),
        "patient_id": _text("patient; empty where the exam has no image"),
        "age_band": _text("age at the exam in bands of ten years"),
        "year": _text("year of the exam"),
        "images_accepted": _count("images accepted"),
        "images_excluded": _count("images excluded"),
        "images_quarantined": _count("images quarantined"),
        "report_status": _text("status of its report; missing where it has none"),
        "label_status": _text("status of its label; missing where it has none"),
        "included": _flag("whether it has an accepted image with a label"),
        "reason": _text("reason code where the exam is not included"),
    },
)

GROUPS = Table(
    "patient groups",
    "a patient who was joined with others, as they are one person",
    ("patient_id",),
    {
        "patient_id": _id("patient"),
        "group_id": _id("the first by id of the patients who are one person"),
        "joined_by": _text(
            "why, joined by spaces: same_pixels, an image of theirs is the same; same_person, a table says so",
            empty=False,
        ),
    },
)

LABELLED_IMAGES = Table(
    "labelled images",
    "an accepted image that has a label",
    ("image_id",),
    {
        "image_id": _id("image"),
        "exam_id": _id("exam"),
        "patient_id": _id("patient"),
        "group_id": _id("patients who are one person; the patient's own id where there is one only"),
        "laterality": _SIDE,
        "view": _VIEW,
        "device": _text("device group"),
        "official": _OFFICIAL,
        "roi": _ROI,
        "label": _id("class of the task"),
    },
)

CLASSES = Table(
    "classes",
    "a class of the task, and what became of it in this cohort",
    ("position",),
    {
        "position": _count("place in the order of the task's classes, from 0"),
        "label": _id("class of the task"),
        "kept_as": _text("class of the split that it belongs to; empty where dropped"),
        "status": _text("what became of it", "kept", "merged", "dropped", empty=False),
        "n_patients": _count("patients with an image of this class; those who are one person count once"),
        "n_exams": _count("exams with an image of this class"),
        "n_images": _count("images of this class"),
    },
)

TEST_PATIENTS = Table(
    "test patients",
    "a patient, and on which side of the one test cut",
    ("patient_id",),
    {
        "patient_id": _id("patient; where split.unit is exam or image, the exam or the image"),
        "unit": _text("what is never divided between subsets: split.unit", *UNITS, empty=False),
        "stratum": _text("rarest class among the patient's images; empty where none is of a kept class"),
        "held_out": _HELD_OUT,
        "by": _text("what decided it", "draw", "given", "official", empty=False),
    },
)

MANIFEST = Table(
    "manifest",
    "a labelled image in the split of one seed",
    ("image_id",),
    {
        "image_id": _id("image"),
        "exam_id": _id("exam"),
        "patient_id": _id("patient"),
        "laterality": _SIDE,
        "view": _VIEW,
        "label": _id("class of the split"),
        "held_out": _HELD_OUT,
        "subset": _SUBSET,
        "reason": _text("reason code where the image is unused", "downsampled", "small_class"),
    },
)

SIBLINGS = Table(
    "siblings",
    "a class of the test images that one unit of the split would give, for one seed",
    ("unit", "seed", "label"),
    {
        "unit": _text("what would never be divided between subsets", *UNITS, empty=False),
        "seed": _count("seed of the split"),
        "label": _text("class of the split; empty for all together"),
        "n_images": _count("test images"),
        "n_with_sibling": _count("test images of which another of the same person is used for training"),
    },
)

DOWNLOAD = Table(
    "download",
    "a count of a public data set's images, as far as its tables list them",
    ("what",),
    {
        "what": _text("what is counted", "listed", "found", "missing", "unlisted", empty=False),
        "n_images": _count("images"),
    },
)

_MATCHINGS = ("none", "image", "device", "clahe")
_TONES = ("stored_range", "percentile", "voi")

MATCHING = Table(
    "matching",
    "a lookup table of a recipe, or a device that has none",
    ("device", "bits_stored"),
    {
        "device": _text("device group; empty where one reference serves all"),
        "bits_stored": _count("bits of the stored values it is for; 0 where it serves all"),
        "tone": _text("tone that the table follows on", *_TONES),
        "matching": _text("way of matching", "image", "device"),
        "tensor": _text("name of the table in the file beside this one; empty where there is none"),
        "sha256": _text("SHA-256 of the table"),
        "n_images": _count("development images it was fitted on, or that there are"),
        "n_fallback": _count("those of them without a window in the header, taken by their stored range", missing=True),
        "status": _text("whether it matches", "matched", "unmatched", empty=False),
        "reason": _text("reason code where it does not", "too_few_images"),
    },
)

DEVICES = Table(
    "device classes",
    "a device and a class of the split",
    ("device", "bits_stored", "label"),
    {
        "device": _text("device group"),
        "bits_stored": _count("bits of its stored values"),
        "label": _id("class of the split"),
        "n_images": _count("development images of this device and class"),
    },
)

BRIGHT_TISSUE = Table(
    "bright tissue",
    "a development image, and how much of its breast is bright before and after a recipe's matching",
    ("image_id",),
    {
        "image_id": _id("image"),
        "device": _text("device group"),
        "label": _id("class of the split"),
        "before": _real("share of the foreground above the threshold before the matching", pa.Check.in_range(0, 1)),
        "after": _real("share above the threshold of the PNGs", pa.Check.in_range(0, 1)),
    },
)

QUALITY = Table(
    "quality",
    "a measure of what a recipe's matching does to the intensities of development images",
    ("state", "measure", "device", "label"),
    {
        "state": _text("before or after the matching", "before", "after", empty=False),
        "measure": _text(
            "bright_threshold: what parts fat from tissue, as a share of the grey range; bright_share: mean share of "
            "the foreground above it; device_told, class_told: balanced accuracy of telling devices or classes from "
            "intensities, cross-validated by patient, where only differences of half a percent of the breast count; "
            "told_exactly: where the slightest does",
            "bright_threshold",
            "bright_share",
            "device_told",
            "device_told_exactly",
            "class_told",
            "class_told_exactly",
            empty=False,
        ),
        "device": _text("device group of a mean; empty for all"),
        "label": _text("class of a mean; empty for all"),
        "value": _real("the measure", missing=True),
        "low": _real("lower end of the 95 % interval", missing=True),
        "high": _real("upper end of the 95 % interval", missing=True),
        "chance": _real("what guessing would reach", missing=True),
        "n_groups": _count("devices or classes told apart", missing=True),
        "left_out": _count("devices or classes of too few patients, left out", missing=True),
        "n_images": _count("images behind it"),
        "n_patients": _count("patients behind it"),
        "reason": _text("reason code where there is no value", "one_group", "too_few_patients"),
    },
)

PNGS = Table(
    "PNG files",
    "an exported picture of a recipe",
    ("image_id",),
    {
        "image_id": _id("image"),
        "file": _id("the PNG, below the working directory"),
        "sha256": _id("SHA-256 of the PNG"),
        "tone": _text("tone it was made with; stored_range where the header lacks a window", *_TONES),
        "matching": _text("matching it was made with; none where its device has no table", *_MATCHINGS),
    },
)

MODEL_FILES = Table(
    "model files",
    "a file of a model's snapshot",
    ("file",),
    {
        "file": _id("the file, below the working directory or the user's model folder"),
        "bytes": _count("size of the file"),
        "sha256": _id("SHA-256 of the file"),
        "source": _id("where it came from: hf-hub:NAME, local-dir:FOLDER, random, or file:NAME, a file of the user's"),
        "revision": _text("commit that the hub gave; empty where it did not come from there"),
    },
)

EMBEDDINGS = Table(
    "embeddings",
    "an image's place in the embedding cache",
    ("image_id",),
    {
        "image_id": _id("image"),
        "sha256": _id("SHA-256 of the PNG that was embedded"),
        "file": _id("the safetensors file, below the working directory"),
        "row": _count("row of the vector in that file, from 0"),
    },
)

ARRAYS = Table(
    "arrays",
    "a labelled image's place in the array of pictures that networks are trained on",
    ("image_id",),
    {
        "image_id": _id("image"),
        "sha256": _id("SHA-256 of the PNG that was decoded"),
        "file": _id("the array, (images, side, side) uint8, below the working directory"),
        "row": _count("row of the picture in that file, from 0"),
    },
)

PROMPTS = Table(
    "prompts",
    "a sentence of a prompt set, whose embedding is the row of the same position in the file beside this table",
    ("position",),
    {
        "position": _count("row of its embedding, from 0"),
        "kind": _text("how sentences are combined", "class", "pair", "descriptors", empty=False),
        "label": _id("class of the task, or an answer of a question about the domain"),
        "pole": _text("what the sentence says of it; empty where kind is class", "positive", "negative"),
        "descriptor": _text("what is looked for; the sentences of a pair have the same; empty where kind is class"),
        "view": _text("view it is for; empty for images whose view the set does not name", "CC", "MLO"),
        "side": _text("side it is for; empty for images whose side the set does not name", "L", "R"),
        "age_band": _text("age band it is for; empty for images whose age the set does not name"),
        "sentence": _id("the sentence"),
    },
)

EXPLANATIONS = Table(
    "explanations",
    "what a zero-shot experiment found of a descriptor in an image",
    ("image_id", "label", "descriptor"),
    {
        "image_id": _id("image"),
        "label": _id("class of the task that the descriptor speaks for"),
        "descriptor": _id("what was looked for"),
        "probability": _real("probability of the positive sentence against the negative", pa.Check.in_range(0, 1)),
    },
)

DOMAIN = Table(
    "domain",
    "an answer of the encoder to a question that images settle without any label",
    ("question", "truth", "answer"),
    {
        "question": _text("what was asked", "view", "modality", empty=False),
        "truth": _id("what is true of the images"),
        "answer": _id("what the encoder takes them for"),
        "n_images": _count("development images"),
        "n_patients": _count("patients behind them"),
    },
)

PREDICTIONS = Table(
    "predictions",
    "a labelled image as one trained or untrained method sees it",
    ("image_id",),
    {
        "image_id": _id("image"),
        "exam_id": _id("exam"),
        "patient_id": _id("patient"),
        "laterality": _SIDE,
        "view": _VIEW,
        "subset": _SUBSET,
        "label": _text("class of the split; empty only for external images"),
        f"^{PROBABILITY}.+$": pa.Column(
            "float64",
            [pa.Check.in_range(0, 1)],
            regex=True,
            description="probability of a class; one column for each class kept, in order",
        ),
    },
    checks=(pa.Check(_add_up, name="probabilities_sum_to_1"),),
)

UNIT_PREDICTIONS = Table(
    "unit predictions",
    "a breast or an exam of new images as a saved model sees it: its images by evaluation.aggregation",
    ("exam_id", "laterality"),
    {
        "exam_id": _id("exam"),
        "laterality": _text("side of the breast; empty where the row is of an exam", "L", "R"),
        "patient_id": _id("patient"),
        "n_images": _count("images behind it"),
        "label": _text("class of its images; empty where they have none, or differ"),
        f"^{PROBABILITY}.+$": PREDICTIONS.columns[f"^{PROBABILITY}.+$"],
    },
)

METRICS = Table(
    "metrics",
    "a measure of one experiment",
    ("seed", "subset", "level", "subgroup", "metric", "class"),
    {
        "seed": _count("seed of the split and of the training"),
        "subset": _text("images it was measured on", "test", "all", "external", empty=False),
        "level": _text("what counts once", *LEVELS, empty=False),
        "subgroup": _text("part of the cohort, attribute=value; empty for all of it"),
        "metric": _id("name of the measure"),
        "class": _text("class of a per-class measure; empty for the others"),
        "value": _real("the measure", missing=True),
        "low": _real("lower end of the 95 % interval", missing=True),
        "high": _real("upper end of the 95 % interval", missing=True),
        "n_images": _count("images behind it"),
        "n_exams": _count("exams behind it"),
        "n_patients": _count("patients behind it; those who are one person count once"),
        "n_undefined": _count("resamples on which it is undefined; the interval is over the others"),
        "few_patients": _flag(
            "whether fewer than 30 patients are behind it, of the class for a measure of a class: then the interval is "
            "likely too narrow"
        ),
    },
)

ALL_METRICS = Table(
    "all metrics",
    "a measure of one of the experiments",
    ("experiment", *METRICS.key),
    {"experiment": _id("the experiment"), **METRICS.columns},
)

COMPARISONS = Table(
    "comparisons",
    "the difference of one measure between two experiments, on what both predict of the test set",
    ("seed", "level", "metric", "experiment", "other"),
    {
        "seed": _count("seed of the split and of the training"),
        "level": _text("what counts once", *LEVELS, empty=False),
        "metric": _id("name of the measure"),
        "experiment": _id("the first experiment"),
        "other": _id("the second experiment"),
        "difference": _real("measure of the first less that of the second", missing=True),
        "low": _real("lower end of the 95 % interval", missing=True),
        "high": _real("upper end of the 95 % interval", missing=True),
        "n_patients": _count("patients behind it"),
        "p": _p_value("two-sided p value of the difference, from the same resamples"),
        "p_holm": _p_value("p after Holm's correction for all pairs of this seed, level and measure"),
        "p_mcnemar": _p_value("McNemar's exact p value; only of accuracy at exam level"),
        "p_mcnemar_holm": _p_value("p_mcnemar after the same correction"),
    },
)

# Mean, least and greatest are over the seeds; low and high end the 95 % interval of the first seed.
_OF_SEEDS = {
    "mean": "mean over the seeds",
    "min": "least over the seeds",
    "max": "greatest over the seeds",
    "low": "lower end of the first seed's 95 % interval",
    "high": "upper end of the first seed's 95 % interval",
}
TABLE1_MEASURES = ("accuracy", "balanced_accuracy", "f1_weighted", "f1_macro", "kappa_quadratic", "auroc_macro")

TABLE1 = Table(
    "Table I",
    "an experiment on one subset at image level, in the run's order",
    ("position",),
    {
        "position": _count("place in the table, from 0"),
        "experiment": _id("name of the experiment"),
        "method": _id("its method"),
        "subset": _text("images it was measured on", "test", "all", empty=False),
        "n_seeds": _count("seeds"),
        "first_seed": _count("seed that the intervals are of"),
        **{
            f"{measure}_{part}": _real(f"{measure}: {about}", missing=True)
            for measure in TABLE1_MEASURES
            for part, about in _OF_SEEDS.items()
        },
        "n_images": _count("images behind it"),
        "n_exams": _count("exams behind it"),
        "n_patients": _count("patients behind it"),
        "published_name": _text("the published method of the same kind"),
        "published_accuracy": _real("its published accuracy", missing=True),
        "published_f1": _real("its published F1", missing=True),
    },
)

CURVE = Table(
    "learning curve",
    "an epoch of a training",
    ("epoch",),
    {
        "epoch": _count("epoch, from 1"),
        "train_loss": _real("mean cross-entropy over the training images of this epoch"),
        "validation_loss": _real("mean cross-entropy over the validation images"),
        "validation_accuracy": _real("accuracy over the validation images", pa.Check.in_range(0, 1)),
        "best": _flag("whether this epoch's weights were kept"),
    },
)

CHOICES = Table(
    "choices",
    "a setting that was tried on the validation images of one seed",
    ("seed", "position"),
    {
        "seed": _count("seed of the split and of the training"),
        "position": _count("order in which settings are preferred where they do equally well, from 0"),
        "setting": _id("the setting: name=value, joined by spaces"),
        "validation_loss": _real("mean cross-entropy over the validation images", missing=True),
        "validation_accuracy": _real("accuracy over the validation images", pa.Check.in_range(0, 1), missing=True),
        "epoch": _count("epoch whose weights were kept; empty where there are no epochs", missing=True),
        "chosen": _flag("whether it was chosen; one of each seed is"),
    },
)

CALIBRATION = Table(
    "calibration",
    "what probabilities of one seed are calibrated by: p ** (1 / temperature) * exp(bias), made to sum to 1",
    ("seed", "label"),
    {
        "seed": _count("seed of the split"),
        "label": _id("class of the split"),
        "temperature": _real("what the logarithms of probabilities are divided by", pa.Check.gt(0)),
        "bias": _real("what is then added to that of this class; 0 in the mean over the classes"),
        "prior": _real("share that was matched; empty where none was", pa.Check.in_range(0, 1), missing=True),
        "fitted_on": _text("images it was fitted on", "development", "validation", empty=False),
        "n_images": _count("those of them that are of this class"),
        "n_patients": _count("patients with such an image"),
    },
)

SHOTS = Table(
    "shots",
    "a measure of an experiment trained on few images a class, on the test images",
    ("shots", "seed", "metric"),
    {
        "shots": _text("images a class: a number, or all", empty=False),
        "seed": _count("seed of the split, the draw and the training"),
        "metric": _id("name of the measure"),
        "value": _real("the measure", missing=True),
        "low": _real("lower end of the 95 % interval", missing=True),
        "high": _real("upper end of the 95 % interval", missing=True),
        "n_train_images": _count("images trained on"),
        "n_train_patients": _count("patients they are of"),
        "n_images": _count("test images"),
        "n_patients": _count("patients they are of"),
    },
)

TRUTH = Table(
    "demo truth",
    "what the demo knows of an exam; only the label audit reads it",
    ("exam_id",),
    {
        "exam_id": _id("exam"),
        "density": _id("class that the phantom was drawn from"),
        "stated": _text("what its report states: a class, none or ambiguous; empty where it has no report"),
    },
)

AUDIT = Table(
    "label audit",
    "an exam, or one of its breasts, whose label is known from elsewhere",
    ("exam_id", "side"),
    {
        "exam_id": _id("exam"),
        "side": _text("breast; empty for the exam as a whole", "L", "R"),
        "stated": _id("what is known: a class, none or ambiguous"),
        "found": _id("what was extracted: a class, none or ambiguous; missing where there is no report"),
        "agree": _flag("whether they are the same"),
    },
)


QUESTIONS = (
    "constant",
    "class_values",
    "equal_classes",
    "best_class",
    "text_and_table",
    "paper_and_code",
    "matrix",
    "f_score",
    "f1",
    "rates",
    "presence",
    "sums",
    "interval",
)
VERDICTS = ("agrees", "contradicts", "trivial", "not_trivial", "adds")

FINDINGS = Table(
    "findings",
    "an answer to a question about published numbers, from nothing but these",
    ("finding",),
    {
        "finding": _id("study, what it is about, and question, joined by points"),
        "source": _id("authors and year"),
        "place": _id("where the numbers stand"),
        "question": _text("what was asked; docs/published.md explains each", *QUESTIONS, empty=False),
        "verdict": _text(
            "agrees: the numbers can be what they are called; contradicts: they cannot, or two places differ; "
            "trivial: an answer that looks at no image does as well; not_trivial: it does not; "
            "adds: what the numbers leave unsaid",
            *VERDICTS,
            empty=False,
        ),
        "statement": _id("the finding in a sentence or two"),
        "published": _text("numbers as they are printed: name=value, joined by spaces"),
        "computed": _text("numbers that follow from them, in the same form"),
        "arithmetic": _id("how they follow"),
        "condition": _text("what the verdict hangs on, beginning with if; empty where it hangs on nothing"),
    },
)


def write(frame: pd.DataFrame, path: str | Path, table: Table, *, mode: int = 0o644) -> None:
    """Validate `frame`, sort it by the table's key and write it atomically.

    Raises
    ------
    UserError
        If the frame breaks the table's schema.
    """
    if frame.empty and list(frame.columns) == list(table.columns):
        # Without a row pandas does not know a text column for one.
        frame = empty(table)
    frame = _validated(frame.reset_index(drop=True), table, path).sort_values(list(table.key), kind="stable")
    with atomic(path, mode=mode) as temporary:
        frame.to_csv(temporary, sep="\t", index=False, lineterminator="\n", errors="surrogateescape")


def read(path: str | Path, table: Table) -> pd.DataFrame:
    """Read and validate a table.

    Raises
    ------
    UserError
        If the file breaks the table's schema.
    """
    try:
        # A line ends in a line feed only: a bare carriage return is part of a text.
        frame = pd.read_csv(
            path,
            sep="\t",
            dtype=str,
            index_col=False,
            keep_default_na=False,
            encoding_errors="surrogateescape",
            lineterminator="\n",
        )
    except (pd.errors.EmptyDataError, pd.errors.ParserError):
        raise UserError(f"{path} is no table of {table.name}; delete the file to have it made again") from None
    for name in frame.columns:
        frame[name] = _typed(frame[name], _column(table, name), path)
    return _validated(frame, table, path)


def read_all(paths: list[str], table: Table) -> pd.DataFrame:
    """Read tables of one kind, a shard each, as one frame sorted by its key."""
    frames = [read(path, table) for path in paths]
    whole = pd.concat(frames, ignore_index=True).sort_values(list(table.key), kind="stable", ignore_index=True)
    return _validated(whole, table, " + ".join(map(str, paths)))


def empty(table: Table) -> pd.DataFrame:
    """A frame of this table without a row."""
    return frame_of([], table)


def frame_of(rows: list[dict[str, object]], table: Table) -> pd.DataFrame:
    """A frame of this table from rows given as dictionaries; a text that a row lacks is empty."""
    frame = pd.DataFrame(rows, columns=list(table.columns))
    for name in frame.columns:
        dtype = _dtype(table.columns[name])
        frame[name] = (frame[name].astype(object).fillna("") if dtype == "str" else frame[name]).astype(dtype)
    return frame


def probability_columns(classes: list[str]) -> list[str]:
    """Names of the probability columns of these classes, in order."""
    return [PROBABILITY + key for key in classes]


def predicted_classes(predictions: pd.DataFrame) -> list[str]:
    """The classes that a predictions table holds probabilities of, in order."""
    return [name.removeprefix(PROBABILITY) for name in predictions.columns if name.startswith(PROBABILITY)]


def _column(table: Table, name: str) -> pa.Column | None:
    if name.startswith(PROBABILITY) and table in (PREDICTIONS, UNIT_PREDICTIONS):
        return table.columns[f"^{PROBABILITY}.+$"]
    return table.columns.get(name)


def _dtype(column: pa.Column) -> str:
    name = str(column.dtype)
    return name if name in ("Int64", "float64", "bool") else "str"


def _typed(values: pd.Series, column: pa.Column | None, path: str | Path) -> pd.Series:
    if column is None or _dtype(column) == "str":
        return values
    try:
        if _dtype(column) == "bool":
            return values.map({"True": True, "False": False}).astype("boolean").astype(bool)  # fails on any other
        return pd.to_numeric(values.mask(values == "")).astype(_dtype(column))
    except (ValueError, TypeError):
        # The value itself may be a patient's: the message does not show it.
        raise UserError(
            f"{path}, column {values.name}: a value is not of type {_dtype(column)}; "
            "delete the file to have it made again"
        ) from None


def _validated(frame: pd.DataFrame, table: Table, path: str | Path) -> pd.DataFrame:
    try:
        return table.schema.validate(frame)
    except pa.errors.SchemaErrors as error:  # of a column too many, or out of order
        raise _broken(table, path, error.schema_errors[0]) from None
    except pa.errors.SchemaError as error:
        raise _broken(table, path, error) from None


def _broken(table: Table, path: str | Path, error: pa.errors.SchemaError) -> UserError:
    """What is wrong with a table; the value itself may be a patient's, so it says where it is, not what it is."""
    cases = error.failure_cases
    place = f" at row {cases['index'].iloc[0]}" if isinstance(cases, pd.DataFrame) and "index" in cases else ""
    column = getattr(error.schema, "name", "") or ""
    what = "it" if column == table.name else f"column {column}"
    return UserError(
        f"{path} is no table of {table.name}: {what}{place} fails {error.check}; delete the file to have it made again"
    )
