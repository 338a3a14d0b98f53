"""The report: one self-contained page."""


rule make_report:
    """What was run, on whom, who was left out and why, and every number with its interval."""
    input:
        template=shipped("resources/report/report.html.j2"),
        images="results/images/images.tsv",
        exams="results/cohort/exams.tsv",
        labels="results/labels/labels.tsv",
        audit="results/labels/audit.tsv" if DEMO else [],
        classes="results/splits/classes.tsv",
        manifests=expand("results/splits/seed{seed}/manifest.tsv", seed=SEEDS),
        matching=expand("results/matching/{recipe}/tables.tsv", recipe=recipes_in_use()),
        table1="results/tables/table1.tsv",
        comparisons="results/metrics/comparisons.tsv",
        metrics=expand("results/metrics/{experiment}.tsv", experiment=EXPERIMENTS),
        task=TASK,
        cohort_figures=["results/figures/cohort.png", "results/figures/classes.png"],
        matching_figures=expand("results/figures/matching/{recipe}.png", recipe=recipes_in_use()),
        result_figures=[
            "results/figures/experiments.png",
            *expand(
                "results/figures/confusion/{experiment}.png",
                experiment=NOT_CONSTANT,
            ),
        ],
        training_figures=expand(
            "results/figures/training/{experiment}.png",
            experiment=TRAINED,
        ),
    output:
        page="results/report/report.html",
    log:
        "results/logs/make_report.log",
    benchmark:
        "results/benchmarks/make_report.tsv"
    conda:
        "../envs/figures.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        config=caveats.public(config),
        experiments=EXPERIMENTS,
        caveats=caveats.full(config),
        code=code_hash("make_report.py"),
    script:
        "../workflow/scripts/make_report.py"
