"""Runs and deployments: states, histories, what was inherited."""
