"""Dagster definitions of one domain: prices."""
