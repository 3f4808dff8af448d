"""Dagster definitions of one domain: parameter sets."""
