"""Make the tables of the run, as TSV, as pages and in LaTeX: Table I beside published values, and every measure."""

from dataclasses import replace
from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import files, tables, tasks
    from mammoflow.evaluation import table1
    from mammoflow.pages import html, latex, metrics, sections

    given, params, output = snakemake.input, snakemake.params, snakemake.output
    warning = params.warning
    paths = zip(params.experiments, given.metrics, strict=True)
    of_each = {name: tables.read(path, tables.METRICS) for name, path in paths}

    published = table1.load_published(given.published, tasks.load(given.task).key)
    frame = table1.make(of_each, params.experiments, published)
    tables.write(frame, output.table1, tables.TABLE1)
    main = sections.main_table(frame, table1.notes(params.experiments, published))
    page = html.render(given.template, title="Table I", tables=[main], warning=warning)
    files.write_text(page, output.table1_page)
    # LaTeX counts tables itself.
    printed = replace(main, caption=main.caption.removeprefix("Table I. "))
    files.write_text(latex.table(printed, label="table1", warning=warning), output.table1_latex)

    tables.write(metrics.whole(of_each), output.metrics, tables.ALL_METRICS)
    of_level = {
        name: sections.beside_baselines(one, params.experiments) for name, one in metrics.by_level(of_each).items()
    }
    page = html.render(given.template, title="All measures", tables=list(of_level.values()), warning=warning)
    files.write_text(page, output.metrics_page)
    all_printed = [latex.table(one, label=f"metrics_{name}", warning=warning) for name, one in of_level.items()]
    files.write_text("\n".join(all_printed), output.metrics_latex)
