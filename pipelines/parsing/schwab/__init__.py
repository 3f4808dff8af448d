"""Charles Schwab, and TD Ameritrade with thinkorswim, whose accounts it took over."""
