"""Labels: one an exam, a breast or an image; what a person made of them, and how far they are what is known."""

# What was found in each report, in the order that it is read in.
FOUND = [
    *READ[LANGUAGE],
    "private/labels/mentions.tsv",
    "private/labels/corrections.tsv",
]
# The demo knows what its reports state, and some public sets state it beside them.
HAS_AUDIT = HAS_REPORTS and (
    DEMO
    or "audit" in config["labels"]
    or "density" in layouts.of(config["dataset"], config["labels"]).annotates
)

if HAS_REPORTS:

    rule extract_labels:
        """One label an exam, with the rule and the words that gave it."""
        input:
            reports="results/reports/reports.tsv",
            texts=READ[LANGUAGE][0],
            task=TASK,
            lexicon=LEXICON,
            rules=shipped("resources/rules/density.yaml"),
        output:
            labels=extracted_from(LANGUAGE),
            mentions="private/labels/mentions.tsv",
            corrections="private/labels/corrections.tsv",
        log:
            "results/logs/extract_labels.log",
        benchmark:
            "results/benchmarks/extract_labels.tsv"
        conda:
            "../envs/tables.yaml"
        resources:
            mem_mb=memory(1000, times=30),
            runtime=30,
        params:
            policy=configuration.without_label_files(config["labels"]),
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
            mem_mb=4000,
            runtime=10,
        params:
            files=list_path("annotations"),
            shards=[list_path(shard) for shard in SHARDS],
            table=label_table(),
            columns=label_columns(),
            level=config["labels"]["level"],
            dataset=config["dataset"]["kind"],
            ids=config["privacy"]["ids"],
            digest=lambda wildcards: [digest(name) for name in ["annotations", *SHARDS]],
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
            mem_mb=4000,
            runtime=10,
        params:
            files=list_path("annotations"),
            level=config["labels"]["level"],
            sides_differ=config["labels"]["sides_differ"],
            dataset=config["dataset"]["kind"],
            ids=config["privacy"]["ids"],
            digest=digest("annotations"),
            code=code_hash("read_labels.py"),
        script:
            "../workflow/scripts/read_labels.py"


if CORRECTED:

    rule adjudicate_labels:
        """The labels with a person's corrections in place of what was extracted."""
        input:
            key=ID_KEY,
            labels=EXTRACTED,
            task=TASK,
        output:
            labels="results/labels/labels.tsv",
        log:
            "results/logs/adjudicate_labels.log",
        benchmark:
            "results/benchmarks/adjudicate_labels.tsv"
        conda:
            "../envs/tables.yaml"
        resources:
            mem_mb=memory(1000),
            runtime=10,
        params:
            files=list_path("annotations"),
            sides_differ=config["labels"]["sides_differ"],
            dataset=config["dataset"]["kind"],
            ids=config["privacy"]["ids"],
            digest=digest("annotations"),
            code=code_hash("adjudicate_labels.py"),
        script:
            "../workflow/scripts/adjudicate_labels.py"


if HAS_REPORTS:

    rule list_review:
        """What is for a person to decide, labels and who may be one person, with sentences: it must not leave private/."""
        input:
            key=ID_KEY,
            files=list_input("reports"),
            labels="results/labels/labels.tsv",
            found=FOUND,
            texts=READ["original"][0] if READS_BIRTHS else [],
            births=(
                expand("private/images/births/{shard}.tsv", shard=SHARDS) if READS_BIRTHS else []
            ),
            groups="results/cohort/groups.tsv" if READS_BIRTHS else [],
        output:
            review="private/review.tsv",
        log:
            "results/logs/list_review.log",
        benchmark:
            "results/benchmarks/list_review.tsv"
        conda:
            "../envs/tables.yaml"
        resources:
            mem_mb=memory(1000),
            runtime=10,
        params:
            files=lambda wildcards: list_path("reports"),
            dataset=described(),
            ids=config["privacy"]["ids"],
            digest=lambda wildcards: digest("reports"),
            code=code_hash("list_review.py"),
        script:
            "../workflow/scripts/list_review.py"


if HAS_AUDIT:

    rule audit_labels:
        """What was extracted, before any correction, beside what is known from elsewhere."""
        input:
            key=ID_KEY,
            labels=EXTRACTED,
            task=TASK,
            truth="results/demo/truth.tsv" if DEMO else [],
        output:
            audit="results/labels/audit.tsv",
        log:
            "results/logs/audit_labels.log",
        benchmark:
            "results/benchmarks/audit_labels.tsv"
        conda:
            "../envs/images.yaml"
        resources:
            mem_mb=memory(1000),
            runtime=10,
        params:
            files=list_path("annotations"),
            columns=audit_columns(),
            dataset=config["dataset"]["kind"],
            ids=config["privacy"]["ids"],
            digest=digest("annotations"),
            code=code_hash("audit_labels.py"),
        script:
            "../workflow/scripts/audit_labels.py"
