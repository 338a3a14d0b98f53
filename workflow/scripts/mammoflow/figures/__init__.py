"""Figures: one style, one module a kind of figure."""
