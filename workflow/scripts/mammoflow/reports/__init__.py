"""From a radiology report's file to its label: reading, cleaning, cutting into sections, extraction."""
