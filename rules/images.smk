"""Image scan: each file decoded once, to a 16-bit picture and the histogram of its foreground."""

if IS_PUBLIC:

    rule check_download:
        """The images found beside those that the data set's own tables list, before any is read."""
        output:
            download="results/images/download.tsv",
        log:
            "results/logs/check_download.log",
        benchmark:
            "results/benchmarks/check_download.tsv"
        conda:
            "../envs/images.yaml"
        resources:
            mem_mb=4000,
            runtime=30,
        params:
            files=[list_path(shard) for shard in SHARDS],
            annotations=list_path("annotations"),
            dataset=described(),
            partial=config["dataset"].get("partial", False),
            described=digest("annotations", "dataset."),
            names=lambda wildcards: [names(shard) for shard in SHARDS],
            code=code_hash("check_download.py"),
        script:
            "../workflow/scripts/check_download.py"


rule scan_images:
    """Headers, decoding and foreground of the files of one shard; every file gets a row."""
    input:
        key=ID_KEY,
        files=list_input("{shard}"),
        # Only in order to come after it.
        download="results/images/download.tsv" if IS_PUBLIC else [],
    output:
        **({"births": "private/images/births/{shard}.tsv"} if READS_BIRTHS else {}),
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
        # Tables say what the images are of.
        described=digest("annotations", "dataset.") if IS_DESCRIBED else "",
        code=code_hash("scan_images.py"),
    script:
        "../workflow/scripts/scan_images.py"


rule merge_images:
    """All shards in one table, duplicates found."""
    input:
        shards=expand("results/images/shards/{shard}.tsv", shard=SHARDS),
    output:
        images="results/images/images.tsv",
        withdrawn="results/images/withdrawn.tsv",
    log:
        "results/logs/merge_images.log",
    benchmark:
        "results/benchmarks/merge_images.tsv"
    conda:
        "../envs/images.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=30,
    params:
        code=code_hash("merge_images.py"),
    script:
        "../workflow/scripts/merge_images.py"
