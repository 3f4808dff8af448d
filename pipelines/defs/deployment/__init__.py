"""Dagster definitions of one domain: starting LEAN, refreshing it, judging paper weeks."""
