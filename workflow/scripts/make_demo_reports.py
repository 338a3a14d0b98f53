"""Write the demo's reports, the list of them, and what each of them truly states."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from pathlib import Path

    from tqdm import tqdm

    from mammoflow import tables
    from mammoflow.demo import patients
    from mammoflow.demo.reports import report
    from mammoflow.files import write_text
    from mammoflow.privacy import Pseudonyms, load_key

    demo, folder = snakemake.params.demo, Path(snakemake.params.folder)
    names = Pseudonyms(load_key(snakemake.input.key), "demo", snakemake.params.ids)
    files: list[dict[str, object]] = []
    truth: list[dict[str, object]] = []
    exams = patients.exams(count=demo["exams"], seed=demo["seed"], class_mix=demo["class_mix"], devices=demo["devices"])
    for exam in tqdm(exams, unit="exam"):
        written = report(exam)
        stated = written.stated if written else ""
        truth.append({"exam_id": names.of("exam", exam.accession), "density": exam.density, "stated": stated})
        if written:
            path = folder / f"{exam.accession}.txt"
            write_text(written.text, path)
            files.append({"relative": path.name, "path": str(path), "bytes": path.stat().st_size, "mtime_ns": 0})
    tables.write(tables.frame_of(files, tables.INPUT_FILES), snakemake.output.files, tables.INPUT_FILES)
    tables.write(tables.frame_of(truth, tables.TRUTH), snakemake.output.truth, tables.TRUTH)
