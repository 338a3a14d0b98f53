"""Models and what they give: encoders, probes, networks, baselines and their predictions."""
