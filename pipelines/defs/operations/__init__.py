"""Dagster definitions of one domain: jobs, schedules, checks and alerts."""
