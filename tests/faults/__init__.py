"""Broken and unwanted files, each with what must become of it."""
