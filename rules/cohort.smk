"""The cohort: images, reports and labels joined by exam; who is in, and why the others are not."""


rule join_groups:
    """Patients who are one person, by an image of theirs that is the same or by the user's table."""
    input:
        key=ID_KEY,
        images="results/images/images.tsv",
    output:
        groups="results/cohort/groups.tsv",
    log:
        "results/logs/join_groups.log",
    benchmark:
        "results/benchmarks/join_groups.tsv"
    conda:
        "../envs/tables.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=10,
    params:
        files=list_path("annotations"),
        columns=same_person_columns(),
        dataset=config["dataset"]["kind"],
        ids=config["privacy"]["ids"],
        digest=digest("annotations", "split.same_persons"),
        code=code_hash("join_groups.py"),
    script:
        "../workflow/scripts/join_groups.py"


rule join_cohort:
    """Every exam with its accounts, and the accepted images that have a label."""
    input:
        images="results/images/images.tsv",
        groups="results/cohort/groups.tsv",
        labels="results/labels/labels.tsv",
        reports=("results/reports/reports.tsv" if config["labels"]["source"] == "reports" else []),
    output:
        exams="results/cohort/exams.tsv",
        labelled_images="results/cohort/labelled_images.tsv",
    log:
        "results/logs/join_cohort.log",
    benchmark:
        "results/benchmarks/join_cohort.tsv"
    conda:
        "../envs/tables.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=30,
    params:
        level=config["labels"]["level"],
        code=code_hash("join_cohort.py"),
    script:
        "../workflow/scripts/join_cohort.py"


rule hold_out_test:
    """The test patients, once for all seeds: drawn, given back, or the data set's own; and the classes that are kept."""
    input:
        labelled_images="results/cohort/labelled_images.tsv",
        groups="results/cohort/groups.tsv",
        # Of an earlier run; ids are those of the tables.
        test_patients=config["split"].get("test_patients", []),
        task=TASK,
    output:
        test_patients="results/splits/test_patients.tsv",
        classes="results/splits/classes.tsv",
    log:
        "results/logs/hold_out_test.log",
    benchmark:
        "results/benchmarks/hold_out_test.tsv"
    conda:
        "../envs/tables.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=30,
    params:
        split={
            key: config["split"][key]
            for key in (
                "unit",
                "official",
                "test",
                "test_seed",
                "min_patients_per_class",
                "small_class",
            )
        },
        code=code_hash("hold_out_test.py"),
    script:
        "../workflow/scripts/hold_out_test.py"
