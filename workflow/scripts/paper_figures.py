"""Give Table I and figures the names that they have in the paper."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from pathlib import Path

    from mammoflow.files import atomic

    given, output = snakemake.input, snakemake.output
    for source, target in zip([*given.figures, *given.tables], [*output.figures, *output.tables], strict=True):
        with atomic(target) as temporary:
            temporary.write_bytes(Path(source).read_bytes())
