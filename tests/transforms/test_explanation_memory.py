"""Legs that share an explanation would each have the same one.

Holds: random accounts, explained leg by leg and by situation.
"""

from __future__ import annotations

import datetime as dt
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.transforms.fees.account_levels import fit_account, schedules_on
from pipelines.transforms.fees.explanation import explain
from pipelines.transforms.fees.explanation_memory import Explanations
from pipelines.transforms.matching.leg_matching import match_trades
from tests.transforms.account_maker import TERMS, make_account
from tests.transforms.test_certain_legs import faulty
from tomking.kernel.fees import schedule_for


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(5, 60), st.sampled_from(["tastytrade", "schwab", "ibkr"]))
def test_every_leg_is_explained_as_if_it_were_the_only_one(seed: int, orders: int, broker: str) -> None:
    chance = random.Random(seed)
    schedule = schedule_for(broker)
    account = make_account(chance, orders, step=lambda: dt.timedelta(hours=chance.randint(0, 40)))
    legs = match_trades(*faulty(chance, account))
    fit = fit_account("main", legs, TERMS, schedule)
    explanations = Explanations(schedule, fit)
    for leg in legs:
        terms = TERMS.get(leg.instrument_key)
        assert explanations.explain(leg, terms) == explain(leg, terms, schedules_on(schedule, fit, leg.session_date))
