"""Measured speed, as ratios between ways of doing the same work in one run: `make bench`."""
