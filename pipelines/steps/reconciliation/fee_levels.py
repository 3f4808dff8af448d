"""The levels of a pass-through fee that an account's statements show, and the rates they propose.

Holds: reading what was charged, proposing dated rates of every component with their evidence.
Belongs here: what becomes of fitted fee levels in the warehouse.
Never here: the fit (`transforms.levels`), using a proposed rate (only an accepted one is).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from itertools import zip_longest
from typing import Any

from pipelines.errors import Conflict, NotFound
from pipelines.steps.reconciliation.account_plans import AccountPlan, accepted_schedule
from pipelines.steps.reconciliation.inputs import printed_charges, read_account
from pipelines.transforms.fees.account_levels import charged_fills
from pipelines.transforms.fees.component_evidence import RateKey, component_evidence
from pipelines.transforms.fees.levels import LevelChange, LevelObservation, fit_levels
from pipelines.transforms.fees.orf_evidence import ChargedFill, OrfEvidence, orf_evidence
from pipelines.transforms.fees.statement_pricing import statement_legs
from tomking.kernel.fees import FeeFill, FeeSchedule
from tomking.kernel.instruments import SymbolError, from_occ
from warehouse.access import WriteSession
from warehouse.frames import frame
from warehouse.keys import stable_id
from warehouse.models.records.statements import FeeRateProposal

ORF = "orf"
DIRTY_DOMAIN = "reconciliation"
_SHORTEST_ID = 6
RULE_FILLS = 20
"""Fills that must show a rate before the rule takes it without a person."""
_RULE_WIDTH = 20
"""A rate is known well enough where the fills leave an interval of at most this part of it."""
PRODUCT = "equity_option"

_ROWS = """
    SELECT row_id, instrument_key, side, effect, quantity, price, multiplier, session_date, occurred_at, order_number,
           coalesce(fees, commission) AS charged, fees IS NULL AS all_in, raw ->> '$.Fees' AS printed
    FROM records.statement_rows
    WHERE account = ? AND row_class = 'trade' AND superseded_by IS NULL AND charged IS NOT NULL AND price IS NOT NULL
      AND quantity > 0 AND side IS NOT NULL AND effect IS NOT NULL AND instrument_key IS NOT NULL
    ORDER BY row_id
"""
_MOST_PLACES = 3
"""Statements print fees with two decimals, older exports with three; longer texts are artefacts of a conversion."""


def account_evidence(session: WriteSession, plan: AccountPlan, schedule: FeeSchedule) -> OrfEvidence:
    """What every standing option trade of the account says about ORF."""
    if schedule.is_exact:
        # The row has one figure for everything; what it is made of stands beside it, in charges of their own.
        given = read_account(session, plan)
        return orf_evidence(charged_fills(plan.account, statement_legs(given.broker), given.terms), schedule)
    fills = [fill for row in session.frame(_ROWS, [plan.account]).to_dicts() if (fill := _charged(row)) is not None]
    return orf_evidence(fills, schedule)


def _charged(row: dict[str, Any]) -> ChargedFill | None:
    try:
        instrument = from_occ(row["instrument_key"], multiplier=row["multiplier"])
    except SymbolError:
        return None
    if not instrument.is_option or instrument.fee_product is None or instrument.multiplier is None:
        return None
    fill = FeeFill(
        product=instrument.fee_product,
        side=row["side"],
        effect=row["effect"],
        quantity=row["quantity"],
        price=row["price"],
        multiplier=instrument.multiplier,
        session_date=row["session_date"],
        root=instrument.fee_root,
    )
    leg = stable_id("statement-leg", row["order_number"] or row["row_id"], row["instrument_key"], row["side"])
    return ChargedFill(
        row["row_id"], leg, row["occurred_at"], fill, -row["charged"], _places(row["printed"]), all_in=row["all_in"]
    )


def _places(printed: str | None) -> int:
    decimals = len(printed.partition(".")[2]) if printed else 0
    return min(max(decimals, 2), _MOST_PLACES)


def scheduled_orf(schedule: FeeSchedule, day: dt.date) -> Decimal:
    """The schedule's ORF per contract on a day; zero where it charges none."""
    rate = schedule.rate(ORF, PRODUCT, day)
    return Decimal(0) if rate is None else rate.amount


def propose_fee_levels(session: WriteSession, plan: AccountPlan) -> int:
    """Propose every change of a component's level that the account's fills prove against the accepted schedule.

    Returns how many proposals are new or changed. Proposals that no fill supports any more are withdrawn; accepted and
    rejected ones stay as they are and are not proposed again.
    """
    schedule = accepted_schedule(session, plan)
    if schedule is None:
        return 0
    known: dict[str, tuple[str, dt.datetime]] = {
        row[0]: (row[1], row[2])
        for row in session.rows(
            "SELECT proposal_id, state, proposed_at FROM records.fee_rate_proposals WHERE account = ?", [plan.account]
        )
    }
    rows = []
    for key, observations, current in _observed(session, plan, schedule):
        fit = fit_levels(observations, current, component=key.component)
        for change, later in zip_longest(fit.changes, fit.changes[1:]):
            proposal_id = _proposal_id(plan, key, change)
            state, proposed_at = known.get(proposal_id, ("proposed", session.now))
            if state == "proposed":
                ends = None if later is None else later.effective_from - dt.timedelta(days=1)
                proposal = _proposal(plan, change, ends, observations, proposal_id=proposal_id, proposed_at=proposed_at)
                rows.append(proposal | {"product": key.product, "root": key.root})
    return session.replace(
        FeeRateProposal, frame(FeeRateProposal, rows), "account = ? AND state = 'proposed'", [plan.account]
    )


Observed = tuple[RateKey, Sequence[LevelObservation], Callable[[dt.date], Decimal]]
"""A rate, what charges say about it, and what the schedule says on a day."""


def _observed(session: WriteSession, plan: AccountPlan, schedule: FeeSchedule) -> Iterator[Observed]:
    yield (
        RateKey(ORF, PRODUCT),
        account_evidence(session, plan, schedule).observations,
        lambda day: scheduled_orf(schedule, day),
    )
    given = read_account(session, plan)
    if given.schedule is None:
        return
    told = component_evidence(
        statement_legs(given.broker), given.terms, given.schedule, printed_charges(session, plan.account)
    )
    for key, observations in sorted(
        told.items(), key=lambda item: (item[0].component, item[0].product, item[0].root or "")
    ):
        yield key, observations, partial(_scheduled, given.schedule, key)


def _scheduled(schedule: FeeSchedule, key: RateKey, day: dt.date) -> Decimal:
    side = "sell" if key.component in ("sec", "taf") else None
    rate = schedule.rate(key.component, key.product, day, key.root, side)
    return Decimal(0) if rate is None else rate.amount


def _proposal_id(plan: AccountPlan, key: RateKey, change: LevelChange) -> str:
    # The fee that was proposed first has ids without its product.
    what = (key.component,) if key == RateKey(ORF, PRODUCT) else (key.component, key.product, key.root or "")
    return stable_id("fee-rate", plan.broker, plan.plan, plan.account, *what, change.effective_from.isoformat())


def decide_fee_level(session: WriteSession, proposal_id: str, *, accept: bool, by: str, note: str = "") -> None:
    """Accept or reject a proposed rate, and have the fees that it touches reconciled again.

    `proposal_id` may be shortened to its first six digits. Raises NotFound, and Conflict for several or for one that
    was decided the other way; deciding the same again changes nothing.
    """
    found = session.rows(
        "SELECT proposal_id, state, account, effective_from, effective_to, component FROM records.fee_rate_proposals "
        "WHERE starts_with(proposal_id, ?)",
        [proposal_id],
    )
    if len(proposal_id) < _SHORTEST_ID or not found:
        raise NotFound(f"no fee rate is proposed under {proposal_id!r}", remedy="tomking fees list")
    if len(found) > 1:
        raise Conflict(f"{proposal_id!r} names {len(found)} proposals", remedy="give more of the id")
    whole_id, state, account, first, last, component = found[0]
    wanted = "accepted" if accept else "rejected"
    if state == wanted:
        return
    if state != "proposed":
        raise Conflict(
            f"the proposal was {state} before", remedy="a decision stands; statements that say otherwise propose anew"
        )
    with session.transaction():
        session.execute(
            "UPDATE records.fee_rate_proposals SET state = ?, decided_at = ?, decided_by = ?, note = ? "
            "WHERE proposal_id = ?",
            [wanted, session.now, by, note or None, whole_id],
        )
        if accept:
            days = session.rows(
                "SELECT DISTINCT session_date FROM records.statement_rows "
                "WHERE account = ? AND session_date >= ? AND session_date <= coalesce(?, session_date)",
                [account, first, last],
            )
            session.mark_dirty(DIRTY_DOMAIN, [day for (day,) in days], f"{component} from {first} accepted")


def accept_by_rule(session: WriteSession, plan: AccountPlan, *, least_fills: int = RULE_FILLS) -> int:
    """Accept every proposed rate that at least so many fills show, within a twentieth of it; returns how many."""
    found = session.rows(
        "SELECT proposal_id FROM records.fee_rate_proposals WHERE account = ? AND state = 'proposed' AND fills >= ? "
        "AND interval_high - interval_low <= amount / ? ORDER BY effective_from, proposal_id",
        [plan.account, least_fills, _RULE_WIDTH],
    )
    for (proposal_id,) in found:
        decide_fee_level(session, proposal_id, accept=True, by="rule", note=f"{least_fills} fills or more show it")
    return len(found)


def _proposal(
    plan: AccountPlan,
    change: LevelChange,
    ends: dt.date | None,
    observations: Sequence[LevelObservation],
    *,
    proposal_id: str,
    proposed_at: dt.datetime,
) -> dict[str, object]:
    by_id = {seen.row_id: seen for seen in observations}
    evidence = {
        "last_fill_before": change.after.isoformat() if change.after else None,
        "rows": [
            {"row_id": name, "low": str(by_id[name].amount_low), "high": str(by_id[name].amount_high),
             "contracts": str(by_id[name].contracts)}
            for name in change.evidence
        ],
    }  # fmt: skip
    return {
        "proposal_id": proposal_id,
        "broker": plan.broker,
        "plan": plan.plan,
        "account": plan.account,
        "component": change.component,
        "effective_from": change.effective_from,
        "effective_to": ends,
        "amount": change.estimate,
        "interval_low": change.low,
        "interval_high": change.high,
        "replaces_amount": change.old,
        "fills": change.fills,
        "evidence": json.dumps(evidence, sort_keys=True),
        "state": "proposed",
        "proposed_at": proposed_at,
        "decided_at": None,
        "decided_by": None,
        "note": None,
    }
