"""Prompt sets: their sentences embedded, and how alike these are."""


rule embed_prompts:
    """Text embeddings of a prompt set's sentences for the task; what was embedded before is taken from the cache."""
    input:
        set=shipped("resources/prompts/{prompts}.yaml"),
        schema=shipped("workflow/schemas/prompts.schema.yaml"),
        task=TASK,
        encoder="results/models/encoders/{encoder}.tsv",
    output:
        prompts="results/prompts/{encoder}/{prompts}.tsv",
        vectors="results/prompts/{encoder}/{prompts}.safetensors",
    log:
        "results/logs/embed_prompts/{encoder}/{prompts}.log",
    benchmark:
        "results/benchmarks/embed_prompts/{encoder}/{prompts}.tsv"
    conda:
        "../envs/models.yaml"
    threads: config["compute"]["threads"]
    resources:
        gpu=1,
        mem_mb=8000,
        runtime=60,
    params:
        folder=lambda wildcards, input: input.encoder.removesuffix(".tsv"),
        compute=config["compute"],
        work="results/work/prompts",
        encoders=code_hash("mammoflow/models/encoders.py"),
        code=code_hash("embed_prompts.py"),
    script:
        "../workflow/scripts/embed_prompts.py"


rule plot_prompts:
    """Mutual similarity of the sentences, or of the classes' vectors, of each prompt set."""
    input:
        prompts=lambda wildcards: prompts_of(wildcards.encoder, "tsv"),
        vectors=lambda wildcards: prompts_of(wildcards.encoder, "safetensors"),
    output:
        figure=report(
            "results/figures/prompts/{encoder}.png",
            caption="../workflow/report/prompts.rst",
            category="Zero-shot",
            labels={"figure": "similarity of prompts", "encoder": "{encoder}"},
        ),
        pdf="results/figures/prompts/{encoder}.pdf",
        svg="results/figures/prompts/{encoder}.svg",
    log:
        "results/logs/plot_prompts/{encoder}.log",
    benchmark:
        "results/benchmarks/plot_prompts/{encoder}.tsv"
    conda:
        "../envs/figures.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        warning=caveats.short(config),
        code=code_hash("plot_prompts.py"),
    script:
        "../workflow/scripts/plot_prompts.py"
