"""DICOM: headers and pixels of mammograms."""
