"""Parameters of the feedback from statements and calibration to the algorithm.

Holds: `PARAMETERS`, and `ORDERED` where some may not exceed others.
Belongs here: a number that the refresh of parameters or a fee forecast reads.
Never here: code that acts on a value.
"""

from __future__ import annotations

from tomking.kernel.parameter_specs.spec import ParameterSpec, number, whole, word

FEEDBACK: tuple[ParameterSpec, ...] = (
    whole("parameters.refresh_minutes", "10", "1 to 1440 minutes", "Time between two looks for a newer set, live.",
           "ours"),
    whole("parameters.max_age_days", "30", "1 to 400 days",
           "Oldest data, in calendar days, that a newly read set may rest on in a live or paper run.", "ours"),
)  # fmt: skip

FEES: tuple[ParameterSpec, ...] = (
    number("fees.orf_per_contract", None, "0 to 0.10 USD per contract",
            "Options regulatory fee as the broker passes it on; without it the schedule's rate is forecast.",
            "broker statements", step="0.02", family="fees.orf"),
    word("fees.routes", "tastytrade+schwab+ibkr", r"(tastytrade|schwab|ibkr)(\+(tastytrade|schwab|ibkr)){0,2}",
         "Brokers at which an order is priced before it is sent; the advice is journalled and changes nothing.", "ours"),
    number("fees.route_least_saving", "0.01", "0.01 to 1000 USD an order",
           "Saving from which advice about the route of an order is journalled.", "ours: a cent", step="1"),
)  # fmt: skip

PARAMETERS: tuple[ParameterSpec, ...] = (*FEEDBACK, *FEES)
