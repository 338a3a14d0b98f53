"""Label extraction: one label an exam, a breast or an image."""

if config["labels"]["source"] == "reports":

    rule extract_labels:
        """One label an exam, with the rule and the words that gave it."""
        input:
            reports="results/reports/reports.tsv",
            sections="private/reports/sections.tsv",
            task=TASK,
            rules=shipped("resources/lexicons/density.yaml"),
        output:
            labels="results/labels/labels.tsv",
        log:
            "results/logs/extract_labels.log",
        benchmark:
            "results/benchmarks/extract_labels.tsv"
        conda:
            "../envs/tables.yaml"
        resources:
            mem_mb=1000,
            runtime=30,
        params:
            policy=config["labels"],
            code=code_hash("extract_labels.py"),
        script:
            "../workflow/scripts/extract_labels.py"

elif config["labels"]["source"] == "table":

    rule read_label_table:
        """The labels of a hospital's own table."""
        input:
            key=ID_KEY,
            task=TASK,
        output:
            labels="results/labels/labels.tsv",
        log:
            "results/logs/read_label_table.log",
        benchmark:
            "results/benchmarks/read_label_table.tsv"
        conda:
            "../envs/images.yaml"
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            files=list_path("annotations"),
            shards=[list_path(shard) for shard in SHARDS],
            table=label_table(),
            columns=label_columns(),
            level=config["labels"]["level"],
            dataset=config["dataset"]["kind"],
            ids=config["privacy"]["ids"],
            digest=[digest(name) for name in ["annotations", *SHARDS]],
            code=code_hash("read_label_table.py"),
        script:
            "../workflow/scripts/read_label_table.py"

else:

    rule read_labels:
        """The public data set's own annotations."""
        input:
            key=ID_KEY,
            task=TASK,
        output:
            labels="results/labels/labels.tsv",
        log:
            "results/logs/read_labels.log",
        benchmark:
            "results/benchmarks/read_labels.tsv"
        conda:
            "../envs/images.yaml"
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            files=list_path("annotations"),
            dataset=config["dataset"]["kind"],
            ids=config["privacy"]["ids"],
            digest=digest("annotations"),
            code=code_hash("read_labels.py"),
        script:
            "../workflow/scripts/read_labels.py"


if DEMO:

    rule audit_labels:
        """Extracted labels beside what the demo's reports really state."""
        input:
            labels="results/labels/labels.tsv",
            truth="results/demo/truth.tsv",
        output:
            audit="results/labels/audit.tsv",
        log:
            "results/logs/audit_labels.log",
        benchmark:
            "results/benchmarks/audit_labels.tsv"
        conda:
            "../envs/tables.yaml"
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            code=code_hash("audit_labels.py"),
        script:
            "../workflow/scripts/audit_labels.py"
