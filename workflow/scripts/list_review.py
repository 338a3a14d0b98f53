"""List the ambiguous labels with their sentences, and who may be one person, for a person to decide."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from pathlib import Path

    from mammoflow import datasets, tables, user_tables
    from mammoflow.logs import log
    from mammoflow.privacy import Pseudonyms, load_key, make_private
    from mammoflow.reports import likeness, records
    from mammoflow.reports.adjudication import names_of, review
    from mammoflow.reports.reading import exam_of_file

    given, params, output = snakemake.input, snakemake.params, Path(snakemake.output.review)
    files = tables.read(params.files, tables.INPUT_FILES)
    if "report_columns" in params.dataset:
        column = {"dataset.report_columns.exam": params.dataset["report_columns"]["exam"]}
        exams = user_tables.read(Path(files["path"].iloc[0]), column)["exam"]
    else:
        exams = files["relative"].map(datasets.report_namer(params.dataset["kind"]) or exam_of_file)
    pseudonyms = Pseudonyms(load_key(given.key), params.dataset["kind"], params.ids)
    of_exams = records.read(given.found)
    names = names_of(of_exams, exams, pseudonyms)
    found = review(tables.read(given.labels, tables.LABELS), of_exams, names=names)
    if given.births:
        texts = tables.read(given.texts, tables.TEXTS)
        births = [tables.read(path, tables.BIRTHS) for path in given.births]
        alike = likeness.same_text_and_birth(texts, births, tables.read(given.groups, tables.GROUPS))
        log.info("%d exams have the text and the birth date of an exam of another patient", len(alike))
        found = likeness.add_to_review(found, alike, names=names)
    log.info("%d rows of %d exams to decide", len(found), found["exam"].nunique())
    make_private(output.parent)
    tables.write(found, output, tables.REVIEW, mode=0o600)
