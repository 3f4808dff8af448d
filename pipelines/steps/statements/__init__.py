"""Broker statements into the warehouse."""
