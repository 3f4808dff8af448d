"""Dagster definitions of one domain: fee reconciliation."""
