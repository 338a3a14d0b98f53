"""The built-in demo: a small synthetic hospital, made from a seed."""
