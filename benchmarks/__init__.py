"""Measurements, one script each: re-runnable, comparing ratios within one run. None of them is a test."""
