"""The workflow on a SLURM cluster; `make slurm-test` runs it."""
