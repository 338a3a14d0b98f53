"""A reporting checklist: what two guidelines ask of a manuscript, in our own words, answered from the run where it can.

CLAIM, 2024 update (Tejani et al., 2024, doi.org/10.1148/ryai.240300), and TRIPOD+AI (Collins et al., 2024,
doi.org/10.1136/bmj-2023-078378). Topics are ours; the guidelines' own numbers and wording are theirs.
"""

from mammoflow.evaluation import subgroups
from mammoflow.evaluation.resampling import FEW_PATIENTS
from mammoflow.pages import manuscript
from mammoflow.pages.html import HtmlTable, counted
from mammoflow.pages.study import Study, series, sizes

_BOTH, _CLAIM, _TRIPOD = "both", "CLAIM", "TRIPOD+AI"
_MANUSCRIPT = "not answered by a run: say it in the manuscript"
_NOTES = (
    "CLAIM, 2024 update: Tejani et al., 2024, doi.org/10.1148/ryai.240300. TRIPOD+AI: Collins et al., 2024, "
    "doi.org/10.1136/bmj-2023-078378. Topics are in our own words, and some items of the guidelines are not among "
    "them: fill in their own forms for a journal.",
)


def table(study: Study, *, commit: str, limitations: int) -> HtmlTable:
    """Topics of both guidelines, with what this run says of them.

    Parameters
    ----------
    study
        The run.
    commit
        Of the workflow.
    limitations
        How many are listed on the page.
    """
    parts = series([part.replace("_", " ") for part in subgroups.LEVELS])
    rows = [
        *_about_data(study),
        *_about_models(study),
        ("measures, and why these", _BOTH, "under Evaluation; why these: say it in the manuscript"),
        (
            "uncertainty of results",
            _BOTH,
            f"95 % intervals of {study.config['evaluation']['resamples']:,} resamples of persons",
        ),
        ("groups of patients, fairness", _TRIPOD, f"parts of the test set by {parts}, with intervals"),
        ("failures", _CLAIM, "confident mistakes and confusion matrices on this page"),
        ("explanations", _CLAIM, _explanations(study)),
        ("test on data of elsewhere", _CLAIM, "none in this run"),
        (
            "limitations",
            _BOTH,
            f"{limitations} that follow from the run stand above; others: say them in the manuscript",
        ),
        ("code and its version", _BOTH, f"commit {commit}; configuration and versions under Provenance"),
        *((topic, guide, _MANUSCRIPT) for topic, guide in _NOT_ANSWERED),
    ]
    return HtmlTable("Checklist for a manuscript", ("topic", "asked for by", "answer"), rows, _NOTES, sortable=False)


_NOT_ANSWERED = (
    ("clinical background, aim and intended use", _BOTH),
    ("ethics approval and consent", _TRIPOD),
    ("funding", _BOTH),
    ("conflicts of interest", _TRIPOD),
    ("registration and protocol of the study", _BOTH),
    ("sharing of data", _BOTH),
    ("involvement of patients and the public", _TRIPOD),
)


def _about_data(study: Study) -> list[tuple[str, str, str]]:
    config, included = study.config, study.included
    years = sorted(set(included["year"]) - {""})
    ages = int((included["age_band"] != "").sum())
    labelled = (
        f"labels from {config['labels']['source']}, for each {config['labels']['level']}; under Reference standard"
    )
    audit = (
        "none"
        if study.audit is None
        else f"{int(study.audit['agree'].sum()):,} of {len(study.audit):,} labels the same"
    )
    unlabelled = int((study.exams["label_status"] != "labelled").sum())
    small = f", fewer than {FEW_PATIENTS} patients" if study.n_test_patients() < FEW_PATIENTS else ""
    test = study.first[study.first["subset"] == "test"]
    return [
        (
            "source of the data",
            _BOTH,
            f"data set of kind {config['dataset']['kind']}; the place: say it in the manuscript",
        ),
        ("dates of the data", _TRIPOD, f"years {years[0]} to {years[-1]}" if years else "not in the data"),
        ("who is in, and why others are not", _BOTH, _eligible(study)),
        ("who the participants are", _BOTH, f"age known of {ages:,} of {counted(len(included), 'exam')}; more: say it"),
        ("preparation of images", _BOTH, f"recipes {series(list(study.matching)) or 'none'}; under Images"),
        ("removal of identity", _CLAIM, _identity(study)),
        (
            "missing data",
            _BOTH,
            f"{unlabelled:,} of {counted(len(study.exams), 'exam')} without a label; none was imputed",
        ),
        ("reference standard", _BOTH, labelled),
        ("agreement of readers", _CLAIM, f"not known; labels held against labels known from elsewhere: {audit}"),
        ("partitions, and what is never divided", _BOTH, f"by {config['split']['unit']}; under Partitions"),
        ("size of the sample", _BOTH, f"test set: {sizes(test)}{small}; a calculation beforehand: say it"),
        ("imbalance of classes", _TRIPOD, f"{manuscript.BALANCES[config['split']['balance']]}"),
    ]


def _about_models(study: Study) -> list[tuple[str, str, str]]:
    seeds = counted(len(study.manifests), "seed")
    start = "random weights" if study.is_untrained else "pretrained weights, with hashes under Provenance"
    trained = study.named("linear_probe", "logistic_regression", "nearest_neighbours", "fine_tune")
    chosen = f"on validation images ({', '.join(trained)})" if trained else "no method was trained"
    return [
        ("models, and what they begin with", _BOTH, f"{len(study.shown)} methods, {start}; under Models"),
        ("training, and choice of settings", _BOTH, f"{chosen}; {seeds}"),
        ("models that combine others", _CLAIM, ", ".join(study.named("merge")) or "none"),
        ("what a model gives", _TRIPOD, "a probability for each class; the largest is the prediction"),
    ]


def _eligible(study: Study) -> str:
    patients = counted(study.included["patient_id"].nunique(), "patient")
    return f"{len(study.included):,} of {counted(len(study.exams), 'exam')} ({patients}); reasons under Cohort"


def _identity(study: Study) -> str:
    kept = study.config["privacy"]["ids"] == "keep"
    return (
        "ids as they were in the data" if kept else "ids are keyed pseudonyms; no report of a patient is on this page"
    )


def _explanations(study: Study) -> str:
    own = [name for name in study.named("fine_tune") if name in study.shown]
    return f"maps of where the scores of {series(own)} are sensitive" if own else "none in this run"
