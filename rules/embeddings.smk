"""CLIP embeddings: images and prompts encoded once, kept by content."""


rule embed_images:
    """Image embeddings of one shard of a recipe; what was embedded before is taken from the cache."""
    input:
        pngs="results/png/{recipe}/{shard}.tsv",
        encoder="results/models/encoders/{encoder}.tsv",
    output:
        embeddings="results/embeddings/{encoder}/{recipe}/{shard}.tsv",
    log:
        "results/logs/embed_images/{encoder}/{recipe}/{shard}.log",
    benchmark:
        "results/benchmarks/embed_images/{encoder}/{recipe}/{shard}.tsv"
    conda:
        "../envs/models.yaml"
    threads: config["compute"]["threads"]
    resources:
        gpu=1,
        mem_mb=8000,
        runtime=240,
    params:
        folder=lambda wildcards, input: input.encoder.removesuffix(".tsv"),
        compute=config["compute"],
        work="results/work/embeddings",
        code=code_hash("embed_images.py"),
    script:
        "../workflow/scripts/embed_images.py"


rule embed_prompts:
    """Text embeddings of a prompt set's sentences for the task."""
    input:
        prompts=shipped("resources/prompts/{prompts}.yaml"),
        task=TASK,
        encoder="results/models/encoders/{encoder}.tsv",
    output:
        prompts="results/prompts/{encoder}/{prompts}.safetensors",
    log:
        "results/logs/embed_prompts/{encoder}/{prompts}.log",
    benchmark:
        "results/benchmarks/embed_prompts/{encoder}/{prompts}.tsv"
    conda:
        "../envs/models.yaml"
    threads: config["compute"]["threads"]
    resources:
        mem_mb=8000,
        runtime=30,
    params:
        folder=lambda wildcards, input: input.encoder.removesuffix(".tsv"),
        compute=config["compute"],
        code=code_hash("embed_prompts.py"),
    script:
        "../workflow/scripts/embed_prompts.py"
