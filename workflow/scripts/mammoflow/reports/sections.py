"""A report cut into sections by its headers."""

import re
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

from mammoflow.reports.cleaning import allowed_edits, fold, unwrap

BODY = "body"  # what stands under no header

# Kind of section: how its header may read, folded. More words may follow (HALLAZGOS MAMOGRAFICOS), misspelt ones too.
HEADERS = {
    "indication": (
        "indicacion", "indicaciones", "indicacion clinica", "motivo", "motivo de consulta", "motivo del estudio",
        "motivo de estudio", "antecedente", "antecedentes", "datos clinicos", "historia clinica", "informacion clinica",
        "diagnostico clinico", "diagnostico de envio", "indication", "indications", "clinical history", "history",
        "clinical information", "reason for exam", "clinical indication",
    ),
    "technique": ("tecnica", "proyecciones", "protocolo", "technique", "procedure", "views"),
    "comparison": (
        "comparacion", "estudio previo", "estudios previos", "estudio comparativo", "estudio anterior",
        "estudios anteriores", "mamografia previa", "mamografia anterior", "mamografias previas",
        "mamografias anteriores", "previos", "comparativo", "comparison", "comparisons", "prior", "priors",
        "prior study", "prior studies", "prior mammogram", "previous study", "previous studies",
    ),
    "findings": (
        "hallazgos", "hallazgo", "informe", "descripcion", "resultado", "resultados", "interpretacion",
        "findings", "report", "description", "result", "results",
    ),
    "ultrasound": (
        "ultrasonido", "ecografia", "ecografia mamaria", "ecotomografia", "us mamario", "usg", "sonografia",
        "ultrasound", "sonography", "us", "resonancia", "resonancia magnetica", "rm", "mri", "elastografia",
        "contrast enhanced spectral mammography",
    ),
    "impression": (
        "impresion", "impresion diagnostica", "conclusion", "conclusiones", "diagnostico", "opinion", "id", "idx",
        "dx", "impression", "conclusions", "assessment", "summary", "diagnosis",
    ),
    "recommendation": (
        "recomendacion", "recomendaciones", "sugerencia", "sugerencias", "conducta", "plan", "recommendation",
        "recommendations",
    ),
    "notes": (
        "nota", "notas", "comentario", "comentarios", "observacion", "observaciones", "aviso", "aviso legal",
        "atentamente", "firma", "note", "notes", "comment", "comments", "disclaimer", "notice", "signature",
        "addendum",
    ),
}  # fmt: skip
# Only these words exactly: more would say something else (MAMOGRAFIA 2019).
EXACT = {
    "findings": (
        "mamografia", "mamografia bilateral", "mamografia digital", "mamografia digital bilateral", "mastografia",
        "mastografia bilateral", "mammography", "mammogram", "digital mammography",
        "hoy", "actual", "actualmente", "estudio actual", "today", "current", "current study",
        "digitalized low dose soft tissue mammography revealed",
    ),
}  # fmt: skip
# These head findings too, but only at a line's start, and the header itself is part of the statement.
STATED = (
    "densidad", "densidad mamaria", "composicion", "composicion mamaria", "patron mamario", "patron glandular",
    "breast density", "breast composition", "density", "composition",
)  # fmt: skip

# Headers even without a colon, in capitals at a line's start; other ones may open a sentence (PRIOR MAMMOGRAM ...).
BARE = (
    "indicacion", "antecedentes", "tecnica", "comparacion", "hallazgos", "impresion", "conclusion", "conclusiones",
    "recomendacion", "recomendaciones", "ultrasonido", "ecografia", "indication", "technique", "comparison", "findings",
    "impression", "recommendation",
)  # fmt: skip

_MORE_WORDS = 3
_OF = {phrase: kind for kind, phrases in [*HEADERS.items(), *EXACT.items()] for phrase in phrases}
_LONGER = {phrase: kind for kind, phrases in HEADERS.items() for phrase in phrases if len(phrase) >= 5}
# After "MAMOGRAFIA:" in the middle of a line, or after a line of its own.
_CANDIDATE = re.compile(
    r"(?m)(?:(?P<line>^[ \t*#•·-]*(?:\d{1,2}[.)-] *)?)|(?<=[.;)] ))(?P<head>[^\W\d_][^:\n.;,]{0,60}?) ?(?P<end>:|$)"
)
# HALLAZGOS without a colon: no preposition after it that would make a sentence of it.
_BARE = re.compile(
    r"(?m)^(?P<head>[^\W\d_a-zà-ÿ]{5,}(?: DIAGNOSTICA| DIAGNÓSTICA| PREVIOS| CLINICA| CLÍNICA)?)[ \t]*-? +"
    r"(?!(?i:a|al|con|de|del|el|en|es|la|para|por|que|se|is|of|the|was|with)\b)(?=\S)"
)


@dataclass(frozen=True)
class Section:
    """A section: its kind and its words."""

    kind: str
    text: str


def cut(text: str) -> list[Section]:
    """Cut cleaned text into its sections, in order; what stands before the first header is `body`."""
    found: list[Section] = []
    kind, start = BODY, 0
    for at, after, next_kind in sorted(_headers(text), key=lambda header: (header[0], -header[1])):
        if at < start:
            continue
        found.append(_section(kind, text, start, at))
        kind, start = next_kind, after
    found.append(_section(kind, text, start, len(text)))
    return [section for section in found if section.text]


def _section(kind: str, text: str, start: int, end: int) -> Section:
    return Section(kind, unwrap(text[start:end].strip(), column=start - text.rfind("\n", 0, start) - 1))


def _headers(text: str) -> list[tuple[int, int, str]]:
    """Where each header starts, where its section's words start, and the kind."""
    headers = []
    for match in _CANDIDATE.finditer(text):
        head = " ".join(fold(match["head"]).split())
        at_line = match["line"] is not None
        if at_line and head in STATED:
            headers.append((match.start(), match.start("head"), "findings"))
        elif (match["end"] or at_line) and (kind := kind_of(head, longer=bool(match["end"]))):
            headers.append((match.start(), match.end(), kind))
    for match in _BARE.finditer(text):
        words = fold(match["head"]).split()
        if words[0] in BARE:
            headers.append((match.start(), match.end(), kind_of(" ".join(words))))
    return headers


@lru_cache(maxsize=65536)
def kind_of(head: str, *, longer: bool = True) -> str:
    """The kind of section under the header `head` (folded); "" where it is none.

    With `longer`, more words may follow the header's own; a line without a colon must be the header and nothing else.
    """
    if head in _OF:
        return _OF[head]
    words = head.split()
    for count in range(len(words), max(0, len(words) - _MORE_WORDS - 1) if longer else len(words) - 1, -1):
        phrase = " ".join(words[:count])
        if kind := _LONGER.get(phrase) or _misspelt(phrase):
            return kind
    return ""


def _misspelt(phrase: str) -> str:
    for candidate, kind in _OF.items():
        limit = allowed_edits(min(len(phrase), len(candidate)))
        if candidate[0] == phrase[0] and limit and OSA.distance(phrase, candidate, score_cutoff=limit) <= limit:
            return kind
    return ""
