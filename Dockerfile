# The workflow with all it needs, for a machine without Python or without a network: docs/security.md says how to run it.
#   docker build --tag mammoflow .
#   docker run --rm --network none --volume "$PWD/results:/mammoflow/results" mammoflow
FROM debian:bookworm-slim

RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git make python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /mammoflow
# The libraries first: they are many, and change less often than the rest.
COPY Makefile requirements.lock requirements-uv.lock ./
RUN make .venv/installed
COPY . .

# make demo as it stands in the README; or any other command, such as
#   docker run --rm --gpus all --network none --volume /data:/data:ro --volume "$PWD:/run" mammoflow \
#       .venv/bin/snakemake --cores 8 --directory /run --configfile /run/mine.yaml
CMD ["make", "demo"]
