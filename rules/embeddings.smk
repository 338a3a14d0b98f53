"""Image embeddings: every picture encoded once, kept by content."""


rule embed_images:
    """Vectors of one shard of a recipe; those of pictures embedded before come from the cache."""
    input:
        pngs="results/png/{recipe}/{shard}.tsv",
        matching="results/matching/{recipe}/tables.tsv",
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
        encoder=encoder_settings,
        recipe=lambda wildcards: configuration.drawn(config["recipes"][wildcards.recipe]),
        compute=config["compute"],
        work="results/work/embeddings",
        encoders=code_hash("mammoflow/models/encoders.py"),
        code=code_hash("embed_images.py"),
    script:
        "../workflow/scripts/embed_images.py"
