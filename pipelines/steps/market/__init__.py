"""Prices and instruments into the warehouse."""
