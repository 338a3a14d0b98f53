"""Image scan: each file decoded once, to a 16-bit picture and the histogram of its foreground."""


rule scan_images:
    """Headers, decoding and foreground of the files of one shard; every file gets a row."""
    input:
        key=ID_KEY,
        files=list_input("{shard}"),
    output:
        images="results/images/shards/{shard}.tsv",
    log:
        "results/logs/scan_images/{shard}.log",
    benchmark:
        "results/benchmarks/scan_images/{shard}.tsv"
    conda:
        "../envs/images.yaml"
    resources:
        # What a file may take, beside the libraries and the tables.
        mem_mb=1000 + 1024 * config["scan"]["gigabytes"],
        runtime=240,
    params:
        files=lambda wildcards: list_path(wildcards.shard),
        annotations=lambda wildcards: list_path("annotations"),
        dataset=described(),
        ids=config["privacy"]["ids"],
        scan=config["scan"],
        exclusions=config["exclusions"],
        work="results/work/pictures",
        digest=lambda wildcards: digest(wildcards.shard),
        # A table of pictures says what they are of.
        described=digest("annotations") if "image_table" in config["dataset"] else "",
        code=code_hash("scan_images.py"),
    script:
        "../workflow/scripts/scan_images.py"


rule merge_images:
    """All shards in one table, duplicates found."""
    input:
        shards=expand("results/images/shards/{shard}.tsv", shard=SHARDS),
    output:
        images="results/images/images.tsv",
    log:
        "results/logs/merge_images.log",
    benchmark:
        "results/benchmarks/merge_images.tsv"
    conda:
        "../envs/images.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code_hash("merge_images.py"),
    script:
        "../workflow/scripts/merge_images.py"
