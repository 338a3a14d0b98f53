"""Hold the images found against those that a public data set's own tables list, before any is read."""

from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import datasets, downloads, tables
    from mammoflow.layouts import page

    params = snakemake.params
    annotations = datasets.own_files(tables.read(params.annotations, tables.INPUT_FILES))
    files = tables.read_all(params.files, tables.INPUT_FILES)
    listed = datasets.listed(params.dataset, annotations)
    images = datasets.found(params.dataset, annotations, files["relative"])
    download = downloads.compare(listed, images)
    for what, count in zip(download["what"], download["n_images"], strict=True):
        log.info("%s: %d images", what, count)
    if not params.partial:
        names = [path.name for path in annotations]
        downloads.check_complete(listed, images, files=names, page=page(params.dataset["kind"]))
    tables.write(download, snakemake.output.download, tables.DOWNLOAD)
