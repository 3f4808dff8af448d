"""What each source calls an instrument, a module per source.

Holds: one module for each of LEAN, tastytrade, Interactive Brokers, Schwab, thinkorswim and TD Ameritrade; the
`Instrument` that all of them read into and print from; and every spelling of one instrument at once (`spellings`).
Belongs here: a notation that a source is known to write.
Never here: a notation nobody writes. Texts that several sources share are codecs of their own beside this package:
`occ`, `futures_symbols`, `security_id`. Users import from `tomking.kernel.instruments`.
"""
