"""Tables for a manuscript: LaTeX with the rules of the package booktabs."""

import textwrap

from mammoflow.pages.html import HtmlTable, cell, is_number

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "&%$#_"},
    # After the end of a line a bracket would be taken for a length.
    "[": "{[}",
    "–": "--",
    "−": "$-$",
    "±": r"$\pm$",
    "κ": r"$\kappa$",
    "→": r"$\to$",
    "⚠": "!",
    "“": "``",
    "”": "''",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}
_LETTERS = 12  # of a heading, in a line


def escaped(text: str) -> str:
    """A text that LaTeX prints as it is."""
    return "".join(_SPECIAL.get(sign, sign) for sign in text)


def table(given: HtmlTable, *, label: str, warning: str = "") -> str:
    """A table that may be put into a document which loads booktabs; caption above, notes below.

    Parameters
    ----------
    given
        As it stands on pages. A cell of several lines is stacked.
    label
        For references to it, with `tab:` before it.
    warning
        Set before the notes in bold; "" for nothing.
    """
    numeric = [all(is_number(row[at]) for row in given.rows) and bool(given.rows) for at in range(len(given.columns))]
    columns = "".join("r" if right else "l" for right in numeric)
    heads = " & ".join(
        _stacked("\n".join(textwrap.wrap(one, _LETTERS, break_long_words=False))) for one in given.columns
    )
    body = [" & ".join(_stacked(cell(value)) for value in row) + r" \\ \addlinespace" for row in given.rows]
    notes = [rf"\par\textbf{{{escaped(warning)}}}"] if warning else []
    notes += [rf"\par {escaped(note)}" for note in given.notes]
    return "\n".join(
        [
            "% Needs \\usepackage{booktabs}.",
            r"\begin{table*}",
            r"\centering\scriptsize",
            rf"\caption{{{escaped(given.caption)}}}",
            rf"\label{{tab:{label}}}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            rf"{heads} \\",
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            *notes,
            r"\end{table*}",
            "",
        ]
    )


def _stacked(text: str) -> str:
    """A cell, its lines one below the other."""
    lines = [escaped(line) for line in text.split("\n")]
    together = r" \\ ".join(lines)
    return together if len(lines) == 1 else rf"\begin{{tabular}}[t]{{@{{}}l@{{}}}}{together}\end{{tabular}}"
