"""The demo's Spanish reports: several styles, and the errors that dictated and hurriedly typed reports have.

What a report states follows from its exam alone; style, lesions, priors and errors are drawn without regard to it.
"""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mammoflow.demo.patients import CLASSES, REPORT, Exam, generator_of

AMBIGUOUS, NONE = "ambiguous", "none"

# How radiologists state each class: in words, in codes of the fourth and the fifth edition, or both.
WORDINGS = {
    "a": (
        "Mamas de predominio graso.",
        "Ambas mamas casi completamente grasas.",
        "Las mamas están compuestas por tejido adiposo casi en su totalidad (ACR tipo a).",
        "Mamas constituidas en su casi totalidad por tejido graso.",
        "Mamas predominantemente adiposas, densidad ACR A.",
        "Composición mamaria tipo A.",
        "Patrón mamario ACR I.",
        "Patrón de predominio graso por involución.",
    ),
    "b": (
        "Áreas dispersas de densidad fibroglandular en ambas mamas.",
        "Las mamas están compuestas por sectores dispersos de densidad fibroglandular (ACR tipo b).",
        "Tejido fibroglandular disperso en ambas mamas.",
        "Se observan densidades fibroglandulares dispersas.",
        "Mamas con densidad tipo b según la ACR.",
        "Patrón glandular ACR-B.",
        "Densidad mamaria ACR 2.",
        "Tejido fibroglandular que ocupa entre el 25 y 50% de la mama.",
    ),
    "c": (
        "Mamas heterogéneamente densas, lo que puede ocultar nódulos pequeños.",
        "Las mamas se presentan heterogéneamente densas (ACR tipo c).",
        "El parénquima mamario es heterogéneamente denso.",
        "Mamas densas en forma heterogénea.",
        "Tejido fibroglandular heterogéneamente denso con distribución simétrica.",
        "Composición mamaria tipo C, lo que puede ocultar lesiones de pequeño tamaño.",
        "Patrón glandular ACR-C.",
        "Densidad mamaria ACR 3.",
    ),
    "d": (
        "Mamas extremadamente densas, lo que reduce la sensibilidad de la mamografía.",
        "Las mamas son extremadamente densas (ACR tipo d).",
        "El parénquima mamario es extremadamente denso.",
        "Densidad mamaria categoría D del ACR, que disminuye la sensibilidad del estudio.",
        "Composición mamaria tipo D.",
        "Patrón mamario ACR IV.",
        "Densidad mamaria ACR 4.",
    ),
    AMBIGUOUS: (
        "Mamas densas.",
        "Composición mamaria de b a c.",
        "Mamas entre heterogéneamente densas y extremadamente densas.",
        "Mamas moderadamente densas.",
    ),
    NONE: (
        "Parénquima mamario simétrico.",
        "No se informa composición mamaria.",
        "Mamas simétricas, de aspecto habitual para la edad.",
    ),
}
# The class once more, in a conclusion or of an earlier exam.
CODES = ("ACR {upper}.", "Densidad ACR tipo {lower}.", "Densidad mamaria tipo {upper}.")

INDICATIONS = (
    "Tamizaje.",
    "Control anual.",
    "Control por mamas densas.",
    "Mastalgia bilateral.",
    "Antecedente familiar de cáncer de mama.",
)
TECHNIQUES = (
    "Mamografía digital bilateral en proyecciones CC y MLO.",
    "Se realizan proyecciones cráneo-caudal y medio-lateral oblicua de ambas mamas.",
)
WITHOUT_PRIOR = ("No se dispone de estudios previos.", "Sin estudios anteriores para comparar.")
NORMAL = (
    "No se observan nódulos ni microcalcificaciones agrupadas.",
    "Sin masas, distorsiones ni calcificaciones de sospecha.",
    "Sin lesiones nodulares dominantes. No se observan asimetrías de densidad.",
)
SKIN = ("Piel y complejo areola-pezón sin alteraciones.", "Ganglios axilares de aspecto habitual.", "")
# Lesions by assessment; several have a density of their own, which is not the breast's.
LESIONS = {
    "1": ("",),
    "2": (
        "Calcificaciones vasculares bilaterales de aspecto benigno.",
        "Nódulo isodenso circunscrito de 7 mm en mama izquierda, estable.",
        "Nódulo de baja densidad con grasa en su interior en mama derecha, compatible con hamartoma.",
        "Ganglio intramamario en cuadrante superior externo derecho.",
    ),
    "0": (
        "Nódulo de alta densidad de 9 mm en mama derecha.",
        "Asimetría focal de densidad en cuadrante superior externo izquierdo.",
    ),
}
CONCLUSIONS = {
    "1": ("Estudio sin hallazgos de sospecha. BI-RADS 1.", "Mamografía normal. Categoría BI-RADS 1."),
    "2": ("Hallazgos benignos. BI-RADS 2.", "Sin signos de malignidad. BI-RADS® 2."),
    "0": ("Estudio incompleto. BI-RADS 0.", "Se requiere evaluación adicional. Categoría BI-RADS 0."),
}
ADVICE = {
    "1": ("Control anual.", "Control mamográfico en 12 meses."),
    "2": ("Control anual.", "Control mamográfico en 12 meses."),
    "0": ("Se sugiere complementar con ecografía mamaria.", "Completar con proyecciones adicionales."),
}
HEADERS = {
    "indication": ("INDICACIÓN", "MOTIVO DE CONSULTA"),
    "technique": ("TÉCNICA",),
    "comparison": ("COMPARACIÓN", "ESTUDIOS PREVIOS", "ANTECEDENTES"),
    "findings": ("HALLAZGOS", "DESCRIPCIÓN"),
    "impression": ("IMPRESIÓN DIAGNÓSTICA", "CONCLUSIÓN"),
    "advice": ("RECOMENDACIÓN", "SUGERENCIA"),
}
# Slips of the keyboard. None turns one class into another.
SLIPS = (
    ("extremadamente", "extremadamante"),
    ("heterogéneamente", "heterogéneamante"),
    ("fibroglandular", "fibro glandular"),
    ("disperso", "disperzo"),
    ("calcificaciones", "calsificaciones"),
    ("observan", "obserban"),
    ("BI-RADS", "BIRADS"),
    ("proyecciones", "proyeciones"),
    ("HALLAZGOS", "HALLASGOS"),
)
ACCENTS = str.maketrans("áéíóúÁÉÍÓÚ", "aeiouAEIOU")
STYLES = {"headed": 0.45, "titled": 0.25, "plain": 0.20, "shouted": 0.10}


@dataclass(frozen=True)
class Report:
    """A report and what it states: a class, `none` or `ambiguous`."""

    text: str
    stated: str


def report(exam: Exam) -> Report | None:
    """Write the report of an exam; None where it has none."""
    if exam.fault == "missing":
        return None
    rng = generator_of(exam, REPORT)
    stated = {"ambiguous": AMBIGUOUS, "silent": NONE}.get(exam.fault, exam.density)
    style = str(rng.choice(list(STYLES), p=list(STYLES.values())))
    sections = _sections(exam, stated, rng)
    text = _plain(sections) if style == "plain" else _headed(sections, rng, title_case=style == "titled")
    # Before the errors: shouting would hide the words that slips and accents are about.
    text = _with_errors(text, rng)
    if style == "shouted":
        text = text.upper()
    signature = _pick(rng, ("Dra. Demo Radióloga", "Dr. Demo Radiólogo", ""))
    return Report("\n".join(filter(None, (_heading(exam), text, signature))) + "\n", stated)


def _heading(exam: Exam) -> str:
    return (
        f"Paciente: Demo Paciente {exam.patient:03d}   Estudio: {exam.accession}   Fecha: {exam.study_date:%d/%m/%Y}\n"
    )


def _sections(exam: Exam, stated: str, rng: np.random.Generator) -> dict[str, str]:
    """The sections of a report, in order, before any error."""
    assessment = str(rng.choice(["1", "2", "0"], p=[0.5, 0.4, 0.1]))
    statement, repeated = _statements(stated, rng)
    findings = [statement, _pick(rng, LESIONS[assessment]), _pick(rng, SKIN)]
    if assessment != "0":
        findings.insert(1, _pick(rng, NORMAL))
    return {
        "indication": _pick(rng, INDICATIONS),
        "technique": _pick(rng, TECHNIQUES),
        "comparison": _comparison(exam, rng),
        "findings": _joined(findings),
        "impression": _joined([_pick(rng, CONCLUSIONS[assessment]), repeated]),
        "advice": _pick(rng, ADVICE[assessment]),
    }


def _statements(stated: str, rng: np.random.Generator) -> tuple[str, str]:
    """What findings and conclusion say of the density; "" where they say nothing."""
    where = rng.random()
    if stated == AMBIGUOUS and where < 0.25:
        # Findings and conclusion that contradict each other.
        lower = int(rng.integers(0, len(CLASSES) - 1))
        return _pick(rng, WORDINGS[CLASSES[lower]]), _code(CLASSES[lower + 1], rng)
    statement = _pick(rng, WORDINGS[stated])
    if stated in CLASSES and where < 0.12:
        return "", _code(stated, rng)
    if stated in CLASSES and where < 0.25:
        return statement, _code(stated, rng)
    return statement, ""


def _comparison(exam: Exam, rng: np.random.Generator) -> str:
    """What is said of earlier exams; now and then their density, whatever this exam's is."""
    year = exam.study_date.year - int(rng.integers(1, 4))
    known = rng.random()
    if known < 0.4:
        return _pick(rng, WITHOUT_PRIOR)
    if known < 0.65:
        return f"Mamografía previa de {year}, sin cambios significativos."
    code = _code(str(rng.choice(CLASSES)), rng).replace("Densidad", "densidad")
    day = min(exam.study_date.day, 28)
    return f"Mamografía previa del {day:02d}/{exam.study_date:%m}/{year}, informada como {code}"


def _code(density: str, rng: np.random.Generator) -> str:
    return _pick(rng, CODES).format(upper=density.upper(), lower=density)


def _headed(sections: dict[str, str], rng: np.random.Generator, *, title_case: bool) -> str:
    """Sections with headers, on lines of their own or in front of the text."""
    # Indication and comparison are often left out.
    left_out = {key for key in ("indication", "comparison") if rng.random() < 0.25}
    between = ":\n" if rng.random() < 0.5 else ": "
    parts = []
    for key, text in sections.items():
        header = _pick(rng, HEADERS[key])
        if key not in left_out:
            parts.append((header.capitalize() if title_case else header) + between + text)
    return ("\n\n" if rng.random() < 0.7 else "\n").join(parts)


def _plain(sections: dict[str, str]) -> str:
    """The sections that a report without headers has, in two paragraphs."""
    first = _joined([sections["technique"], sections["comparison"], sections["findings"]])
    return first + "\n" + _joined([sections["impression"], sections["advice"]])


def _with_errors(text: str, rng: np.random.Generator) -> str:
    """The text with some of the usual errors; none in a third of the reports."""
    if rng.random() < 0.33:
        return text
    for right, wrong in SLIPS:
        if rng.random() < 0.25:
            text = re.sub(rf"\b{right}\b", wrong, text, count=1)
    if rng.random() < 0.30:
        text = text.translate(ACCENTS)
    if rng.random() < 0.25:
        text = re.sub(r"\. (?=[A-ZÁ])", ".  ", text)
    if rng.random() < 0.20:
        text = re.sub(r" (?=dens|disper|tipo)", "  ", text)
    if rng.random() < 0.25:
        text = "\n".join(textwrap.fill(line, 76, break_on_hyphens=False) for line in text.split("\n"))
    return text


def _joined(parts: Sequence[str]) -> str:
    return " ".join(filter(None, parts))


def _pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    return options[int(rng.integers(0, len(options)))]
