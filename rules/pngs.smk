"""PNG export: pictures matched, cropped and resized as a recipe says."""


rule export_pngs:
    """PNGs of the accepted images of one shard, and the index of them."""
    input:
        shard="results/images/shards/{shard}.tsv",
        # Not the images of all shards: a job would read a million rows for its thousand.
        withdrawn="results/images/withdrawn.tsv",
        matching="results/matching/{recipe}/tables.tsv",
        tables="results/matching/{recipe}/tables.safetensors",
    output:
        pngs="results/png/{recipe}/{shard}.tsv",
    log:
        "results/logs/export_pngs/{recipe}/{shard}.log",
    benchmark:
        "results/benchmarks/export_pngs/{recipe}/{shard}.tsv"
    conda:
        "../envs/images.yaml"
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        folder="results/png/{recipe}/{shard}",
        recipe=lambda wildcards: configuration.drawn(config["recipes"][wildcards.recipe]),
        work="results/work/pictures",
        code=code_hash("export_pngs.py"),
    script:
        "../workflow/scripts/export_pngs.py"
