"""The package that LEAN and the pipeline share.

Holds: `kernel` (pure rules), `strategies` (what to trade), `adapters` (the only part that knows LEAN types).
Belongs here: what must be the same function on both sides.
Never here: anything at import time; LEAN imports this package before its own API exists.
"""
