"""Dagster definitions of one domain: broker statements."""
