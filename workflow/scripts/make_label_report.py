"""Make the report of a run without images: reports, labels, and what could not be done."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from pathlib import Path

    import yaml

    from mammoflow import files, provenance, tables, tasks
    from mammoflow.pages import audits, html, labels, languages, sections

    given, params = snakemake.input, snakemake.params
    task = tasks.load(given.task)
    of_run = tables.read(given.labels, tables.LABELS)
    reports = tables.read(given.reports, tables.REPORTS) if given.get("reports") else None
    audit = tables.read(given.audit, tables.AUDIT) if given.get("audit") else None
    kinds = (tables.LANGUAGES, tables.TRANSLATION)
    compared = [tables.read(path, kind) for path, kind in zip(given.get("languages", ()), kinds, strict=False)]
    page = html.render(
        given.template,
        task=task.name,
        caveats=params.caveats,
        summary=labels.summary_without_images(of_run, reports, task=task, not_run=params.not_run),
        labels=labels.labels(of_run, task, reports=reports, exams=None),
        audit=None
        if audit is None
        else audits.of_run(
            audit, task, dataset=params.dataset, corrected=labels.corrected(of_run) > 0, most=params.most
        ),
        languages=languages.of_run(*compared, task=task, language=params.language) if compared else None,
        private=reports is not None,
        commit=provenance.code_commit(Path(provenance.__file__).parent),
        versions=sections.versions(provenance.versions()),
        config=yaml.safe_dump(params.config, sort_keys=False, allow_unicode=True, width=100),
    )
    files.write_text(page, snakemake.output.page)
