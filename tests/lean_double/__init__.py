"""A stand-in for the LEAN engine: enough of its interface to run `algorithm/main.py` on recorded quotes.

Holds: the types an algorithm imports, a data reader, an event loop on hourly bars, fills, and LEAN's result files.
Belongs here: behaviour that recordings of the real engine show.
Never here: project rules; nothing of `pipelines` or `warehouse` is used.

It is no backtester. What it does not know it does not do: dividends, splits, minute data, live brokers. Start one with
`python -m tests.lean_double --help`; `python -m tests.lean_double.replay` says how many orders of recorded runs end as
they did on the engine.
"""
