"""Dagster: one folder per domain, each with that domain's assets, checks, jobs, schedules and sensors."""
