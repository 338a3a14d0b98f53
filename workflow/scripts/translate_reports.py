"""Translate Spanish reports to English, each distinct sentence once and never again."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow.compute import limit_threads

    limit_threads(snakemake.params.compute["threads"])

    from tqdm import tqdm

    from mammoflow import tables, work
    from mammoflow.models import snapshots, translators
    from mammoflow.privacy import make_private
    from mammoflow.reports.lexicon import load_lexicon
    from mammoflow.reports.translation import translate_reports
    from mammoflow.translations import Translation, translated

    given, made, params = snakemake.input, snakemake.output, snakemake.params
    weights = snapshots.fingerprint(tables.read(given.translator, tables.MODEL_FILES))
    translator = translators.load(Path(params.folder))
    # The code of the model alone: a change elsewhere must not throw away hours of translation.
    key = work.key_of(weights=weights, compute=params.compute, runs_on=translator.runs_on, code=params.translator)
    make_private(Path(made.texts).parent)

    def translate(sentences: list[str]) -> dict[str, Translation]:
        """Translate these sentences, as far as they are not in the cache."""
        found, n = translated(sentences, translator, folder=Path(params.work) / key, progress=tqdm)
        log.info("translated %d of %d sentences", n, len(found))
        return found

    reports = translate_reports(
        tables.read(given.reports, tables.REPORTS),
        tables.read(given.texts, tables.TEXTS),
        lexicon=load_lexicon(given.lexicon),
        fits=translator.fits,
        translate=translate,
    )
    for (status, reason), count in reports.accounts.groupby(["status", "reason"]).size().items():
        log.info("reports %s: %d %s", status, count, reason)
    tables.write(reports.texts, made.texts, tables.TEXTS, mode=0o600)
    tables.write(reports.sections, made.sections, tables.SECTIONS, mode=0o600)
    tables.write(reports.accounts, made.translation, tables.TRANSLATION)
