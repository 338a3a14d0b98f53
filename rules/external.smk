"""A saved model on images that it was not trained with: its recipe and its frozen tables, and no split."""

if EXTERNAL:

    rule predict_external:
        """What the saved model says of every accepted image; images.tsv says what became of all others."""
        input:
            record=f"{EXTERNAL['model']}/record.json",
            images="results/images/images.tsv",
            labelled="results/cohort/labelled_images.tsv" if HAS_LABELS else [],
            pngs=pngs_of,
            # A network has its weights in the saved model's folder.
            encoder=lambda wildcards: source_of(wildcards) if config["encoders"] else [],
            embeddings=lambda wildcards: embeddings_of(wildcards) if config["encoders"] else [],
        output:
            predictions=f"{EXTERNAL_FOLDER}/predictions/{{experiment}}/seed{{seed}}.tsv",
            breasts=f"{EXTERNAL_FOLDER}/breasts/{{experiment}}/seed{{seed}}.tsv",
            exams=f"{EXTERNAL_FOLDER}/exams/{{experiment}}/seed{{seed}}.tsv",
        log:
            "results/logs/predict_external/{experiment}/seed{seed}.log",
        benchmark:
            "results/benchmarks/predict_external/{experiment}/seed{seed}.tsv"
        conda:
            "../envs/models.yaml"
        threads: config["compute"]["threads"]
        resources:
            gpu=1,
            mem_mb=memory(8000, times=30),
            runtime=240,
        params:
            threads=config["compute"]["threads"],
            aggregation=config["evaluation"]["aggregation"],
            code=code_hash("predict_external.py"),
        script:
            "../workflow/scripts/predict_external.py"

    rule evaluate_external:
        """Measures of the saved model on the new images, beside the best constant answer."""
        input:
            predictions=expand(
                f"{EXTERNAL_FOLDER}/predictions/{{experiment}}/seed{{seed}}.tsv",
                seed=SEEDS,
                allow_missing=True,
            ),
            groups="results/cohort/groups.tsv",
            task=TASK,
        output:
            metrics=f"{EXTERNAL_FOLDER}/metrics/{{experiment}}.tsv",
            constant=f"{EXTERNAL_FOLDER}/metrics/{{experiment}}_constant.tsv",
        log:
            "results/logs/evaluate_external/{experiment}.log",
        benchmark:
            "results/benchmarks/evaluate_external/{experiment}.tsv"
        conda:
            "../envs/tables.yaml"
        resources:
            mem_mb=memory(4000),
            runtime=60,
        params:
            seeds=SEEDS,
            evaluation=config["evaluation"],
            code=code_hash("evaluate_external.py"),
        script:
            "../workflow/scripts/evaluate_external.py"
