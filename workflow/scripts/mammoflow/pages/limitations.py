"""Limitations that follow from what was run: only those that hold, a sentence or two each."""

from mammoflow import accounts
from mammoflow.evaluation.resampling import FEW_PATIENTS
from mammoflow.pages.html import counted
from mammoflow.pages.study import Study, series


def sentences(study: Study, caveats: list[str]) -> list[str]:
    """What limits this run's conclusions.

    Parameters
    ----------
    study
        The run.
    caveats
        Those that head the page; they come first.
    """
    found = [
        *caveats,
        _leak(study),
        _few(study),
        *_reference_standard(study),
        _centres(study),
        _devices(study),
        *_classes(study),
        *(_views(study, name) for name in study.shown),
        _matching(study),
        _one_seed(study),
        "No images of another place were tested: how well these models do elsewhere is not known. A saved model can be "
        "applied to new images without training.",
    ]
    return [one for one in found if one]


def _leak(study: Study) -> str:
    leaking = accounts.patients_in_several_subsets(study.first)
    if not leaking:
        return ""
    return f"{counted(leaking, 'patient')} had images in more than one of train, validation and test."


def _few(study: Study) -> str:
    n = study.n_test_patients()
    few = n < FEW_PATIENTS
    of_class = accounts.test_images(study.first).groupby("label")["patient_id"].nunique()
    small = [study.task.of(str(key)).title for key, count in of_class.items() if count < FEW_PATIENTS]
    if few:
        return f"The test set has only {counted(n, 'patient')}: intervals are wide, and likely still too narrow."
    if small:
        return f"The test set has fewer than {FEW_PATIENTS} patients of some classes: {series(small)}."
    return ""


def _reference_standard(study: Study) -> list[str]:
    policy = study.config["labels"]
    found = []
    if policy["source"] == "reports":
        found.append(
            "Labels are what reports say, each as a rule understood it: the opinion of whoever wrote the report, "
            "without a second reading or a consensus."
        )
        if study.audit is None:
            found.append("The extracted labels were not held against labels known from elsewhere.")
        if ambiguous := int((study.exams["label_status"] == "ambiguous").sum()):
            found.append(
                f"Left out for an ambiguous report: {counted(ambiguous, 'exam')}. If these are harder ones, every "
                "method does better without them."
            )
    if policy["language"] == "translation":
        found.append("Labels were extracted from machine translations, which may change what a report says.")
    if policy["level"] == "exam":
        found.append("All images of an exam carry its one label, though its breasts, or its views, may differ.")
    return found


def _centres(study: Study) -> str:
    if study.config["dataset"]["kind"] != "folder":
        return ""
    return "All images come from one archive; nothing is known of other populations, devices and readers."


def _devices(study: Study) -> str:
    devices = study.accepted.loc[study.accepted["device"] != "", "device"].value_counts()
    if len(devices) == 0:
        return "Devices are not known, so nothing can be said of differences between them."
    if len(devices) == 1:
        return "All images with a known device come from one device group."
    return (
        f"Images come from {len(devices)} device groups, between {devices.min():,} and {devices.max():,} images each; "
        "devices that see different classes can be taken for the classes."
    )


def _classes(study: Study) -> list[str]:
    found = []
    for status, what in (
        ("dropped", "cannot be told by any method"),
        ("merged", "are told as one with their neighbour"),
    ):
        if keys := list(study.classes.loc[study.classes["status"] == status, "label"]):
            names = series([study.task.of(key).title for key in keys])
            found.append(f"Classes with too few patients were {status} and {what}: {names}.")
    return found


def _views(study: Study, name: str) -> str:
    views = study.views[name]
    return f"{name} predicts {series(views)} views only." if views else ""


def _matching(study: Study) -> str:
    by_image = [name for name in study.matching if study.config["recipes"][name]["matching"] == "image"]
    if not by_image or study.task.attribute != "density":
        return ""
    return (
        f"Matching every image to one histogram (recipe {series(by_image)}) takes away the share of bright tissue, "
        "which is much of what density is."
    )


def _one_seed(study: Study) -> str:
    if len(study.manifests) > 1:
        return ""
    return "There was one seed, so that the spread between trainings is not known."
