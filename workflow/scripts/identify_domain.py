"""Ask an encoder which view and which modality the development images are."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow.compute import limit_threads

    limit_threads(snakemake.params.compute["threads"])

    from mammoflow import tables
    from mammoflow.models import domain, embeddings, prompt_embeddings, prompts

    given = snakemake.input
    images = tables.read(given.manifest, tables.MANIFEST)
    index = tables.read_all(given.embeddings, tables.EMBEDDINGS)
    questions = prompts.load_questions(given.questions, given.schema)
    found = domain.identify(
        images,
        embeddings.lookup(index, images["image_id"], features="projected"),
        prompt_embeddings.read(given.prompts, given.vectors),
        {question: list(one.phrases) for question, one in questions.items()},
    )
    tables.write(found, snakemake.output.domain, tables.DOMAIN)
