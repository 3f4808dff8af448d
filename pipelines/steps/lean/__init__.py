"""Runs of LEAN into the warehouse: results, side files, journals, optimisations, deployments."""
