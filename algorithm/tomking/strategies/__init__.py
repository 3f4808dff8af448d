"""Strategies: what to trade and when to leave it, as plain data in and intents out.

Holds: one module per strategy, and what strategies share: market view, book of trades, intents, the risk gate.
Belongs here: decisions that could be made on paper.
Never here: LEAN types, clocks, stores; numbers of a rule (those are parameters).
"""
