"""Regime labels, correlations and their pictures."""
