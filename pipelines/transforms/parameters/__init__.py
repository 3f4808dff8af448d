"""Candidates for a parameter set and the gate that judges them."""
