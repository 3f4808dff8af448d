"""Tests of the algorithm: strategies on paper, and the whole on the stand-in for LEAN."""
