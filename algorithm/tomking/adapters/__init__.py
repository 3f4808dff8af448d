"""Adapters: the only code that knows LEAN's types.

Holds: translation between LEAN and plain data, in both directions: chains, quotes, orders, events, store, clock.
Belongs here: whatever would have to change if LEAN's interface changed.
Never here: a trading rule.

Only LEAN imports this package (and the tests' stand-in for it): `AlgorithmImports` exists nowhere else.
"""
