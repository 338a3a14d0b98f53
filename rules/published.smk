"""Published figures: what their own arithmetic says of them, whatever this run finds."""

# Studies whose numbers are put to the test, and lists of systems and people that a run's agreement is held against.
STUDIES = [PUBLISHED, shipped("resources/published/yoshitsugu_2025.yaml")]
AGREEMENT = [
    shipped(f"resources/published/{name}.yaml") for name in ("density_systems", "human_agreement")
]
PUBLISHED_SCHEMA = shipped("workflow/schemas/published.schema.yaml")


rule check_published:
    """Whether published numbers can be what they are called, and what trivial answers score on the same counts."""
    input:
        studies=STUDIES,
        schema=PUBLISHED_SCHEMA,
    output:
        findings="results/published/findings.tsv",
    log:
        "results/logs/check_published.log",
    benchmark:
        "results/benchmarks/check_published.tsv"
    localrule: True
    conda:
        "../envs/tables.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        code=code_hash("check_published.py"),
    script:
        "../workflow/scripts/check_published.py"
