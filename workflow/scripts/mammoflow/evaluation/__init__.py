"""Evaluation: measures of predictions, with intervals that respect patients."""
