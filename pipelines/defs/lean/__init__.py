"""Dagster definitions of one domain: LEAN runs and journals."""
