"""Embed a prompt set: one vector a class, and the model's temperature."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow.compute import limit_threads

    limit_threads(snakemake.params.compute["threads"])

    import numpy as np
    from safetensors.numpy import save_file

    from mammoflow import tasks
    from mammoflow.files import atomic
    from mammoflow.models import encoders, prompts

    prompt_set = prompts.load(snakemake.input.prompts, tasks.load(snakemake.input.task))
    encoder = encoders.load(Path(snakemake.params.folder))
    vectors = {label: encoder.texts(own).mean(axis=0) for label, own in prompt_set.sentences.items()}
    log.info("embedded %d sentences", sum(map(len, prompt_set.sentences.values())))
    with atomic(snakemake.output.prompts) as temporary:
        save_file(vectors | {"temperature": np.array([encoder.temperature])}, temporary)
