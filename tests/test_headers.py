"""What a header says of a mammogram: side, view, device, and whether it is wanted."""

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from mammoflow.dicom import elements, headers, views
from mammoflow.dicom.exclusions import ADMISSIBLE, Exclusions
from mammoflow.dicom.refusals import Refused
from tests.conftest import REPO
from tests.faults.mammograms import breast, encoded, header, with_pixels

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def coded(value, *modifiers):
    code = Dataset()
    code.CodeValue = value
    if modifiers:
        code.ViewModifierCodeSequence = [coded(modifier) for modifier in modifiers]
    return code


def framed(*sides):
    """A header whose frames state their sides, the first for all of them."""
    dataset = Dataset()
    groups = []
    for side in sides:
        anatomy, group = Dataset(), Dataset()
        anatomy.FrameLaterality = side
        group.FrameAnatomySequence = [anatomy]
        groups.append(group)
    dataset.SharedFunctionalGroupsSequence = groups[:1]
    dataset.PerFrameFunctionalGroupsSequence = groups[1:]
    return dataset


def stating(**values):
    dataset = Dataset()
    for tag, value in values.items():
        setattr(dataset, tag, value)
    return dataset


@pytest.mark.parametrize(
    ("said", "side"),
    [
        (stating(ImageLaterality="R"), "R"),
        (stating(ImageLaterality="", Laterality="L"), "L"),
        (framed("L"), "L"),
        (framed("R", "R"), "R"),
        (stating(SeriesDescription="MAMA IZQUIERDA CC"), "L"),
        (stating(SeriesDescription="R-MLO"), "R"),
        (stating(ProtocolName="LCC"), "L"),
        (stating(SeriesDescription="Bilateral left and right"), ""),
        (stating(SeriesDescription="MAMOGRAFIA DERIVADA"), ""),
        (stating(SeriesDescription="Digital I"), ""),
        (stating(ImageLaterality="B"), ""),
        (stating(ImageLaterality="U"), ""),
        (Dataset(), ""),
    ],
)
def test_the_side_is_found_where_it_is_stated(said, side):
    assert views.laterality(said) == side


@pytest.mark.parametrize(
    ("said", "sources"),
    [
        (stating(ImageLaterality="L", Laterality="R"), "ImageLaterality, Laterality"),
        (stating(ImageLaterality="L", SeriesDescription="derecha"), "ImageLaterality, SeriesDescription"),
        (stating(ImageLaterality="L", Laterality="B"), "ImageLaterality, Laterality"),
        (
            framed("L", "R"),
            "FrameLaterality in SharedFunctionalGroupsSequence, FrameLaterality in PerFrameFunctionalGroupsSequence",
        ),
    ],
)
def test_a_conflict_names_its_sources(said, sources):
    with pytest.raises(Refused) as refused:
        views.laterality(said)
    assert (refused.value.status, refused.value.reason) == ("quarantined", "laterality_conflict")
    assert refused.value.detail == sources


@pytest.mark.parametrize(
    ("said", "view"),
    [
        (stating(ViewPosition="CC"), "CC"),
        (stating(ViewCodeSequence=[coded("R-10242")]), "CC"),
        (stating(ViewCodeSequence=[coded("399368009")]), "MLO"),
        (stating(ViewPosition="CC", ViewCodeSequence=[coded("made here")]), "CC"),
        (stating(ViewPosition="CC", ViewCodeSequence=[coded("399192008")]), "other"),
        (stating(ViewPosition="CC", ViewCodeSequence=[coded("399368009")]), "other"),
        (stating(ViewPosition="CC", ViewCodeSequence=[coded("399162004", "399163009")]), "other"),
        (stating(ViewPosition="CC", ViewModifierCodeSequence=[coded("399055006")]), "other"),
        (stating(ViewPosition="CC", PaddleDescription="SPOT CONTACT"), "other"),
        (stating(ViewPosition="CC", PaddleDescription="24x29 SMALL"), "CC"),
        (stating(ViewCodeSequence=[coded("R-10224")]), "other"),
        (stating(ViewPosition="RMCC"), "other"),
        (stating(ViewPosition=""), ""),
    ],
)
def test_only_plain_screening_views_are_such(said, view):
    assert views.view(said) == view


@given(st.text(), st.text())
def test_no_text_is_taken_for_more_than_it_says(position, description):
    said = stating(SeriesDescription=description)
    said.add_new("ViewPosition", "LO", position)
    assert views.view(said) in ("CC", "MLO", "other", "")
    assert views.laterality(said) in ("L", "R", "")


def check(wanted, dataset):
    """Checks an image of a hospital, of which only its header speaks."""
    wanted.check(dataset, headers.describe(dataset, exam_key="AccessionNumber"))


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("secondary_capture", {"SOPClassUID": SECONDARY_CAPTURE, "Modality": "RG"}),
        ("wrong_modality", {"Modality": "CR"}),
        ("for_processing", {"PresentationIntentType": "FOR PROCESSING"}),
        ("synthetic_2d", {"ImageType": ["DERIVED", "PRIMARY", "TOMO", "GENERATED_2D"]}),
        ("burned_in", {"BurnedInAnnotation": "YES"}),
    ],
)
def test_what_is_admitted_passes(reason, changes):
    dataset = header(1)
    for tag, value in changes.items():
        setattr(dataset, tag, value)
    with pytest.raises(Refused) as refused:
        check(Exclusions(), dataset)
    assert refused.value.reason == reason
    check(Exclusions(frozenset({reason})), dataset)
    others = frozenset(ADMISSIBLE) - {reason}
    with pytest.raises(Refused):
        check(Exclusions(others), dataset)


def test_what_may_be_admitted_is_what_the_schema_says():
    schema = yaml.safe_load((REPO / "workflow/schemas/config.schema.yaml").read_text())
    assert sorted(schema["properties"]["exclusions"]["properties"]["admit"]["items"]["enum"]) == sorted(ADMISSIBLE)


def test_implants_are_kept_on_demand_but_not_pushed_aside():
    keeping = Exclusions(keep_implants=True)
    check(keeping, stating_implant(header(1)))
    displaced = header(1)
    displaced.ViewCodeSequence = [coded("399162004", "399209000")]
    with pytest.raises(Refused) as refused:
        check(keeping, displaced)
    assert refused.value.reason == "non_standard_view"


def stating_implant(dataset):
    dataset.BreastImplantPresent = "YES"
    return dataset


@pytest.mark.parametrize(
    ("changes", "device"),
    [
        ({}, "Maker Model 1"),
        ({"PixelIntensityRelationship": "LOG"}, "Maker Model 1 LOG"),
        ({"PresentationIntentType": "FOR PROCESSING"}, "Maker Model 1 FOR PROCESSING"),
        ({"SeriesDescription": "L CC Intelligent 2D"}, "Maker Model 1 SYNTHETIC"),
        ({"Manufacturer": "", "ManufacturerModelName": ""}, "unknown"),
    ],
)
def test_images_of_another_tone_curve_are_of_another_device(changes, device):
    dataset = header(1)
    for tag, value in changes.items():
        setattr(dataset, tag, value)
    assert headers.describe(dataset, exam_key="AccessionNumber").device == device


def test_only_listed_tags_are_read():
    dataset = with_pixels(header(1), breast(np.random.default_rng(0)))
    dataset.PatientName, dataset.PatientBirthDate = "Gómez^Perséfone", "19610401"
    read = elements.take_apart(encoded(dataset)).header
    assert {element.keyword for element in read} <= set(elements.TAGS)
    assert "PatientName" not in elements.TAGS
    assert "PatientBirthDate" not in elements.TAGS
    # Only where it is asked for, and then it is all that is read beside the list.
    asked = elements.take_apart(encoded(dataset), with_birth=True).header
    assert {element.keyword for element in asked} - {element.keyword for element in read} == {"PatientBirthDate"}
