"""The report: one self-contained page."""


rule make_report:
    """What was run, on whom, who was left out and why, and every number with its interval."""
    input:
        template=shipped("resources/report/report.html.j2"),
        parts=shipped("resources/report/parts.html.j2"),
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
        published=PUBLISHED,
        flow="results/figures/cohort.png",
        classes_figure="results/figures/classes.png",
        matching_figures=expand("results/figures/matching/{recipe}.png", recipe=recipes_in_use()),
        forest="results/figures/experiments.png",
        confusion_figures=expand(
            "results/figures/confusion/{experiment}.png",
            experiment=NOT_CONSTANT,
        ),
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
        seeds=SEEDS,
        recipes={name: config["recipes"][name]["matching"] for name in recipes_in_use()},
        caveats=caveats.full(config),
        warning=caveats.short(config),
        code=code_hash("make_report.py"),
    script:
        "../workflow/scripts/make_report.py"
