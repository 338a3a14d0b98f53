"""The report: one self-contained page; and a private one, with the sentences behind the labels."""

# Experiments in `run` that chose settings on the validation images, and those that are calibrated.
CHOOSING = shown_of("linear_probe", "logistic_regression", "nearest_neighbours")
CALIBRATED = shown_of("calibrate")
# What the zero-shot page measures, including what is calibrated, which `run` need not name.
BESIDE_ZERO_SHOT = list(
    dict.fromkeys([*ZERO_SHOT, *CALIBRATED, *(EXPERIMENTS[name]["from"] for name in CALIBRATED)])
)
# Encoders and recipes whose pictures are asked about.
ASKED = sorted({(EXPERIMENTS[name]["encoder"], EXPERIMENTS[name]["recipe"]) for name in ZERO_SHOT})
# Experiments that train by gradient descent, whose settings the text for a manuscript gives.
TUNED, PROBED = experiments_of("fine_tune"), experiments_of("linear_probe")
# Experiments with an encoder or a network, whose files' hashes the page gives.
STARTED = [name for name, own in PREDICTED.items() if "encoder" in own or "model" in own]

if HAS_IMAGES:

    rule make_cohort_page:
        """The data set's fingerprint: images, labels, what is missing, and the split, before any model is trained."""
        input:
            template=shipped("resources/report/cohort.html.j2"),
            parts=PAGE_PARTS,
            images="results/images/images.tsv",
            exams="results/cohort/exams.tsv",
            groups="results/cohort/groups.tsv",
            labels="results/labels/labels.tsv",
            labelled="results/cohort/labelled_images.tsv",
            download="results/images/download.tsv" if IS_PUBLIC else [],
            classes="results/splits/classes.tsv",
            test_patients="results/splits/test_patients.tsv",
            manifest=f"results/splits/seed{SEEDS[0]}/manifest.tsv",
            task=TASK,
        output:
            page="results/report/cohort.html",
        log:
            "results/logs/make_cohort_page.log",
        benchmark:
            "results/benchmarks/make_cohort_page.tsv"
        conda:
            "../envs/figures.yaml"
        resources:
            mem_mb=memory(1000),
            runtime=10,
        params:
            config=caveats.public(config),
            source=config["labels"]["source"],
            least=config["split"]["min_patients_per_class"],
            seed=SEEDS[0],
            caveats=caveats.of_labels(config),
            warning=caveats.short(config | {"weights": "pretrained"}),
            code=code_hash("make_cohort_page.py"),
        script:
            "../workflow/scripts/make_cohort_page.py"

    rule make_report:
        """What was run, on whom, who was left out and why, and every number with its interval."""
        input:
            template=shipped("resources/report/report.html.j2"),
            parts=EVIDENCE_PARTS,
            images="results/images/images.tsv",
            exams="results/cohort/exams.tsv",
            labels="results/labels/labels.tsv",
            reports="results/reports/reports.tsv" if HAS_REPORTS else [],
            audit="results/labels/audit.tsv" if HAS_AUDIT else [],
            languages=COMPARED,
            # What was found in reports: on a page for everybody only where they are nobody's.
            found=FOUND if DEMO else [],
            classes="results/splits/classes.tsv",
            test_patients="results/splits/test_patients.tsv",
            manifests=expand("results/splits/seed{seed}/manifest.tsv", seed=SEEDS),
            siblings="results/splits/siblings.tsv",
            matching=expand("results/matching/{recipe}/tables.tsv", recipe=recipes_in_use()),
            # The same for every recipe: development images by device and class.
            devices=expand("results/matching/{recipe}/devices.tsv", recipe=recipes_in_use()[:1]),
            quality=expand("results/quality/{recipe}/measures.tsv", recipe=recipes_in_use()),
            table1="results/tables/table1.tsv",
            comparisons="results/metrics/comparisons.tsv",
            metrics=expand("results/metrics/{experiment}.tsv", experiment=EXPERIMENTS),
            task=TASK,
            published=PUBLISHED,
            published_part=shipped("resources/report/published.html.j2"),
            published_schema=PUBLISHED_SCHEMA,
            findings="results/published/findings.tsv",
            agreement=AGREEMENT,
            models=list(dict.fromkeys(each(source_of, STARTED))),
            id_key=[] if DEMO else "results/provenance/id_key.txt",
            manuscript_part=shipped("resources/report/manuscript.html.j2"),
            provenance_part=shipped("resources/report/provenance.html.j2"),
            flow="results/figures/cohort.png",
            classes_figure="results/figures/classes.png",
            matching_figures=expand(
                "results/figures/matching/{recipe}.png", recipe=recipes_in_use()
            ),
            brightness_figures=expand(
                "results/figures/bright_tissue/{recipe}.png", recipe=recipes_in_use()
            ),
            forest="results/figures/experiments.png",
            confusion_figures=expand(
                "results/figures/confusion/{experiment}.png",
                experiment=NOT_CONSTANT,
            ),
            training_figures=expand(
                "results/figures/training/{experiment}.png",
                experiment=TRAINED,
            ),
            explanation_figures=expand(
                "results/figures/explanations/{experiment}.png",
                experiment=EXPLAINED,
            ),
            choices=expand("results/training/{experiment}/choices.tsv", experiment=CHOOSING),
            few_shot="results/figures/few_shot.png" if FEW_SHOT else [],
            outline="results/figures/outline.png",
            embedding_figures=[
                f"results/figures/embeddings/{encoder}/{recipe}.png" for encoder, recipe in MAPPED
            ],
            curves=expand(
                "results/figures/{figure}.png",
                figure=["roc", "reliability"] if NOT_CONSTANT else [],
            ),
            subgroup_figures=expand(
                "results/figures/subgroups/{experiment}.png", experiment=NOT_CONSTANT
            ),
            mistakes=expand("results/figures/mistakes/{experiment}.png", experiment=PICTURED),
            all_metrics="results/tables/metrics.html",
        output:
            page="results/report/report.html",
        log:
            "results/logs/make_report.log",
        benchmark:
            "results/benchmarks/make_report.tsv"
        conda:
            "../envs/figures.yaml"
        resources:
            mem_mb=memory(1000),
            runtime=10,
        params:
            config=caveats.public(config),
            in_colour=10,
            most=200,
            dataset=config["dataset"]["kind"],
            language=LANGUAGE,
            experiments=EXPERIMENTS,
            predicted=list(PREDICTED),
            tunings=dict(zip(TUNED, each(tuning_of, TUNED))),
            probes=dict(zip(PROBED, each(probe_settings, PROBED))),
            frozen=[name for name in recipes_in_use() if "frozen" in config["recipes"][name]],
            rules=lambda wildcards: rules_in_use(),
            benchmarks="results/benchmarks",
            choosing=CHOOSING,
            has_zero_shot=bool(ZERO_SHOT),
            views=VIEWS,
            unit=config["split"]["unit"],
            seeds=SEEDS,
            recipes={name: config["recipes"][name]["matching"] for name in recipes_in_use()},
            caveats=caveats.full(config),
            warning=caveats.short(config),
            code=code_hash("make_report.py"),
        script:
            "../workflow/scripts/make_report.py"

    rule make_zero_shot_page:
        """Prompt sets side by side, calibration, descriptors, and what encoders take the images for."""
        input:
            template=shipped("resources/report/zero_shot.html.j2"),
            parts=PAGE_PARTS,
            metrics=expand("results/metrics/{experiment}.tsv", experiment=BESIDE_ZERO_SHOT),
            comparisons="results/metrics/comparisons.tsv",
            calibration=expand("results/calibration/{experiment}.tsv", experiment=CALIBRATED),
            prompts=[
                "results/prompts/{encoder}/{prompts}.tsv".format(**EXPERIMENTS[name])
                for name in ZERO_SHOT
            ],
            explanations=expand("results/explanations/{experiment}.tsv", experiment=ZERO_SHOT),
            predictions=expand(
                "results/predictions/{experiment}/seed{seed}.tsv",
                experiment=ZERO_SHOT,
                seed=SEEDS[0],
            ),
            domain=[f"results/domain/{encoder}/{recipe}.tsv" for encoder, recipe in ASKED],
            similarity=expand(
                "results/figures/prompts/{encoder}.png",
                encoder=dict.fromkeys(encoder for encoder, _ in ASKED),
            ),
            manifest=f"results/splits/seed{SEEDS[0]}/manifest.tsv",
            task=TASK,
        output:
            page="results/report/zero_shot.html",
        log:
            "results/logs/make_zero_shot_page.log",
        benchmark:
            "results/benchmarks/make_zero_shot_page.tsv"
        conda:
            "../envs/figures.yaml"
        resources:
            mem_mb=memory(2000),
            runtime=10,
        params:
            config=caveats.public(config),
            experiments={name: EXPERIMENTS[name] for name in ZERO_SHOT},
            calibrated={name: EXPERIMENTS[name] for name in CALIBRATED},
            measured=BESIDE_ZERO_SHOT,
            asked=ASKED,
            evaluation=config["evaluation"],
            caveats=caveats.full(config),
            warning=caveats.short(config),
            code=code_hash("make_zero_shot_page.py"),
        script:
            "../workflow/scripts/make_zero_shot_page.py"

else:

    rule make_label_report:
        """What became of reports and labels, where there are no images to predict from."""
        input:
            template=shipped("resources/report/labels.html.j2"),
            parts=PAGE_PARTS,
            labels="results/labels/labels.tsv",
            reports="results/reports/reports.tsv" if HAS_REPORTS else [],
            audit="results/labels/audit.tsv" if HAS_AUDIT else [],
            languages=COMPARED,
            task=TASK,
        output:
            page="results/report/report.html",
        log:
            "results/logs/make_label_report.log",
        benchmark:
            "results/benchmarks/make_label_report.tsv"
        conda:
            "../envs/figures.yaml"
        resources:
            mem_mb=memory(1000),
            runtime=10,
        params:
            config=caveats.public(config),
            most=200,
            dataset=config["dataset"]["kind"],
            language=LANGUAGE,
            not_run=list(EXPERIMENTS),
            caveats=caveats.of_labels(config),
            code=code_hash("make_label_report.py"),
        script:
            "../workflow/scripts/make_label_report.py"


if HAS_REPORTS:

    rule make_private_report:
        """Every label with the sentences behind it, for those who may read them: it must not leave private/."""
        input:
            template=shipped("resources/report/private.html.j2"),
            parts=EVIDENCE_PARTS,
            labels="results/labels/labels.tsv",
            audit="results/labels/audit.tsv" if HAS_AUDIT else [],
            found=FOUND,
        output:
            page="private/report.html",
        log:
            "results/logs/make_private_report.log",
        benchmark:
            "results/benchmarks/make_private_report.tsv"
        conda:
            "../envs/figures.yaml"
        resources:
            mem_mb=memory(1000),
            runtime=10,
        params:
            in_colour=10,
            most=200,
            caveats=PRIVATE_CAVEATS,
            code=code_hash("make_private_report.py"),
        script:
            "../workflow/scripts/make_private_report.py"
