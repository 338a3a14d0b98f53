"""The library of mammoflow: pure functions and small classes, called by the scripts beside it."""
