"""What a translation must not change: codes, numbers, Roman numerals and sides, counted in both languages.

Words are free to change; these are what a label rests on, and what machine translation gets wrong without a trace
("tipo a" may become "type to"). Each is counted in a sentence and in its translation: both counts must be equal.
"""

import re
from collections import Counter

from mammoflow.reports.cleaning import fold

KINDS = ("codes", "numbers", "numerals", "sides")

# Spanish and English: the one pattern is for both, because a translation may leave a word as it is. All on folded text.
_SCALE = r"acr|bi-? ?rads|tipos?|categorias?|clases?|letras?|types?|categor(?:y|ies)|class(?:es)?|letters?"
_TISSUE = r"densidad(?:es)?|composicion|patron(?:es)?|grados?|density|densities|composition|patterns?|grades?"
_START, _END = r"(?<![^\W_])", r"(?![^\W_])"
_BETWEEN = (
    r"(?:[\s:=.\"'“”()\[\]*-]|mamari[ao]s?|mamas?|breasts?|tejidos?|tissues?|(?:fibro)?glandular|del?|las?|of|the|es|is|"
    r"are|tipo|type|categoria|category|acr|bi-?rads)*"
)
_ACR = re.compile(rf"{_START}a\.\s?c\.\s?r\.?{_END}")
# Not the d of "we'd", nor the c/ that stands for "con".
_LETTER = re.compile(r"(?<![^\W\d_])(?<![^\W\d_]['’])[bcd](?![^\W_])(?!/\s)")

# "A" is a word in both languages, so as a code it needs its surroundings.
_NO_CODE = (
    r"(?!\s+(?:\d|l[oa]s?\b|el\b|un[oa]?s?\b|que\b|su\b|cada\b|nivel|partir|traves|favor|pesar|fin\b|cort[oa]|median[oa]|"
    r"medi[oa]|larg[oa]|predomin|expensas|[^\W\d_]+[aei]r\b))"
)
_ENDS = r"(?=\s*(?:$|[^\w\s]|(?:y|e|o|u|and|or|segun|according|de|of|en|in|con|with|por|per|para|for|on)\b))"
_LIST = r"(?=\s*(?:[-/,]|y\b|e\b|o\b|u\b|and\b|or\b|to\b)\s*[bcd]\b)"
_CODES_A = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_START}(?:{_SCALE}){_BETWEEN}{_START}(?<!of )(?<!de )(?<!is )(?<!es )(?P<a>a){_END}{_NO_CODE}",
        rf"{_START}(?:{_SCALE}|{_TISSUE}){_BETWEEN}{_START}(?<!of )(?<!de )(?P<a>a){_END}{_ENDS}",
        rf"{_START}[(\[\"'“]\s*(?P<a>a)\s*[)\]\"'”]",  # not Estimado(a)
        rf"{_START}(?P<a>a)-(?:type|density|category){_END}",
        rf"{_START}(?P<a>a){_LIST}",
        rf"{_START}\d-?(?P<a>a){_END}(?!\.?\s*ed)",  # BI-RADS 4A, not 5a. edición
        rf"bi-? ?rads\D{{0,12}}\d\s(?P<a>a){_END}{_NO_CODE}",
    )
)

# "I" is a word in English, and so is "v" no numeral everywhere; capitals tell the others from words.
_NUMERAL = re.compile(rf"{_START}(?:II|III|IV|VI|VII){_END}")
_NUMERAL_AFTER = re.compile(rf"{_START}(?:{_SCALE}|{_TISSUE}){_BETWEEN}{_START}(?P<n>i{{1,3}}|iv|vi?){_END}")

_SIDES = {
    "R": re.compile(rf"{_START}(?:derech[oa]s?|der(?=\.)|dch[oa]|right){_END}"),
    "L": re.compile(rf"{_START}(?:izquierd[oa]s?|izq(?:d[oa])?|izd[oa]|left){_END}"),
    # "Both the right and the left": both belongs to "and".
    "both": re.compile(
        rf"{_START}(?:bilateral(?:es|mente|ly)?|amb[oa]s|both(?! (?:the |in the |of the )?(?:right|left))){_END}"
    ),
}
# Mama derecha, mama izquierda, right breast, left breast; in capitals, because "mi" is a word.
_SHORT = {"MD": "R", "RB": "R", "MI": "L", "LB": "L"}
_SHORT_SIDE = re.compile(rf"{_START}(?:{'|'.join(_SHORT)}){_END}")


def changed(source: str, target: str) -> list[str]:
    """The kinds of things, of `KINDS`, that a sentence and its translation do not have in equal number.

    Parameters
    ----------
    source, target
        A sentence, Spanish, and its translation, English; in any case and with or without accents.
    """
    before, after = _counted(source), _counted(target)
    return [kind for kind in KINDS if before[kind] != after[kind]]


def _counted(sentence: str) -> dict[str, Counter[str]]:
    """How often each code, number, numeral and side stands in a sentence."""
    folded = _ACR.sub(lambda match: "acr".ljust(len(match[0])), fold(sentence))
    return {
        "codes": Counter(_LETTER.findall(folded)) + Counter({"a": len(_places_of_a(folded))}),
        "numbers": Counter(run.lstrip("0") or "0" for run in re.findall(r"\d+", sentence)),
        "numerals": Counter(sentence[slice(*place)].upper() for place in _places_of_numerals(sentence, folded)),
        "sides": Counter({side: len(pattern.findall(folded)) for side, pattern in _SIDES.items()})
        + Counter(_SHORT[short] for short in _SHORT_SIDE.findall(sentence)),
    }


def _places_of_a(folded: str) -> set[int]:
    return {match.start("a") for pattern in _CODES_A for match in pattern.finditer(folded)}


def _places_of_numerals(sentence: str, folded: str) -> set[tuple[int, int]]:
    after = {match.span("n") for match in _NUMERAL_AFTER.finditer(folded)}
    return after | {match.span() for match in _NUMERAL.finditer(sentence)}
