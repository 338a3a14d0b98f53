"""The built-in demo: a small synthetic hospital, written as real DICOM files and Spanish reports."""

if DEMO:

    rule make_demo_images:
        """The demo's mammograms whose paths fall into this shard, and the list of them."""
        output:
            files="results/demo/inputs/{shard}.tsv",
        log:
            "results/logs/make_demo_images/{shard}.log",
        benchmark:
            "results/benchmarks/make_demo_images/{shard}.tsv"
        conda:
            "../envs/images.yaml"
        resources:
            mem_mb=1000,
            runtime=60,
        params:
            folder="results/demo/images",
            demo={key: config["demo"][key] for key in ("exams", "seed", "class_mix", "devices")},
            shards=config["shards"],
            code=code_hash("make_demo_images.py"),
        script:
            "../workflow/scripts/make_demo_images.py"

    rule make_demo_reports:
        """The demo's reports, the list of them, and the truth that only the label audit reads."""
        input:
            key=ID_KEY,
        output:
            files="results/demo/inputs/reports.tsv",
            truth="results/demo/truth.tsv",
        log:
            "results/logs/make_demo_reports.log",
        benchmark:
            "results/benchmarks/make_demo_reports.tsv"
        conda:
            "../envs/images.yaml"
        resources:
            mem_mb=1000,
            runtime=30,
        params:
            folder="results/demo/reports",
            demo={key: config["demo"][key] for key in ("exams", "seed", "class_mix", "devices")},
            ids=config["privacy"]["ids"],
            code=code_hash("make_demo_reports.py"),
        script:
            "../workflow/scripts/make_demo_reports.py"
