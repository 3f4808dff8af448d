"""Commissions compared: inputs, results, breaks, proposed rates."""
