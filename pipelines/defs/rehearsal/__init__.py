"""Dagster definitions of one domain: correlation regimes."""
