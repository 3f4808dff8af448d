"""Pure rules: money, instruments, sessions, fees, positions, regimes, parameters.

Holds: functions and frozen data that need nothing but the standard library (and numpy where arrays pay).
Belongs here: a rule that the algorithm forecasts with and the warehouse checks with.
Never here: LEAN types, databases, files, clocks, network.
"""
