"""What the reconciliation of an account reads from the warehouse.

Holds: the queries and their typed form.
Belongs here: turning rows of `records` into the plain data the pure reconciliation works on.
Never here: a decision about a fill (`pipelines.transforms`), writing.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pipelines.steps.reconciliation.account_plans import SCHEDULE_CURRENCY, AccountPlan, read_plans
from pipelines.transforms.fees.explanation import Terms
from pipelines.transforms.matching.fills import ZERO, BrokerFill, LeanFill, LegClass
from pipelines.transforms.reconciliation import AccountInput
from pipelines.transforms.statements.adjustments import AccountRow, is_account_row, is_charge
from pipelines.transforms.statements.coverage import Coverage, Export, Trading, coverage_of
from pipelines.transforms.statements.day_totals import ChargedRow
from pipelines.transforms.statements.reversals import net_reversals
from tomking.kernel.instruments import Instrument, SymbolError, from_occ, from_tastytrade

if TYPE_CHECKING:
    from pipelines.config import Settings
    from warehouse.session import WriteSession

_NEW_YORK = ZoneInfo("America/New_York")
_LEAN_CLASSES: dict[str, LegClass] = {
    "trade": "trade",
    "expiry": "expiration",
    "exercise": "exercise",
    "assignment": "assignment",
    "delivery": "delivery",
}
_BROKER_CLASSES: dict[str, LegClass] = {
    "trade": "trade",
    "expiration": "expiration",
    "exercise": "exercise",
    "assignment": "assignment",
    "delivery": "delivery",
}
_ALL_IN = frozenset({"ibkr", "schwab", "tastytrade"})
"""Brokers whose commission is everything but taxes, unless the parts are printed."""


def accounts(session: WriteSession, settings: Settings) -> list[AccountPlan]:
    """Every account that has statement rows, with its plan from the configuration (else the standard one)."""
    found = session.rows(
        "SELECT account, min(broker), mode(currency) FROM records.statement_rows GROUP BY account ORDER BY account"
    )
    plans = []
    for account, broker, currency in found:
        known = settings.account(account)
        plan = known.plan if known is not None else "standard"
        plans.append(AccountPlan(account, broker, plan, known.currency if known is not None else currency))
    return plans


def read_account(session: WriteSession, plan: AccountPlan) -> AccountInput:
    """Everything the reconciliation of an account needs."""
    rows = _records(
        session,
        _ROWS.format("currency = ?"),
        (plan.account, plan.currency),
    )
    standing = [row for row in rows if row["superseded_by"] is None]
    chains = _chains(rows)
    relation = _relation(session, plan.account)
    events = _records(session, _EVENTS, (plan.account, relation))
    charges = printed_charges(session, plan.account)
    foreign = _foreign(session, plan, charges)
    keys = {*(event["instrument_key"] for event in events), *(fill.instrument_key for _, fill in foreign)}
    instruments = _instruments(session, plan.broker, standing, keys)
    terms = {key: terms for key, found in instruments.items() if (terms := _terms(found)) is not None}
    fills = net_reversals(_broker_fills(standing, chains, charges))
    others = defaultdict(list)
    for currency, fill in foreign:
        others[currency].append(fill)
    in_dollars = plan.currency == SCHEDULE_CURRENCY
    found = read_plans(session, plan, fills if in_dollars else others[SCHEDULE_CURRENCY], terms)
    if in_dollars:
        fills = found.fills
    else:
        others[SCHEDULE_CURRENCY] = found.fills
    return AccountInput(
        account=plan.account,
        lean=[_lean_fill(event, plan.currency) for event in events],
        broker=fills,
        account_rows=[_account_row(row) for row in standing if _is_account_row(row)],
        charged_rows=[_charged_row(row) for row in standing],
        terms=terms,
        underlyings={key: found.underlying or found.ticker for key, found in instruments.items()},
        schedule=found.schedule if in_dollars else None,
        dollar_schedule=found.schedule,
        plans=found.periods,
        foreign=[(currency, fill) for currency, found_fills in sorted(others.items()) for fill in found_fills],
        coverage=_coverage(session, plan.account),
        runs=_trading(session, plan.account, relation, events),
        stated=dict(
            session.rows("SELECT session_date, -amount FROM records.broker_day_fees WHERE account = ?", (plan.account,))
        ),
    )


_ROWS = """
    SELECT * EXCLUDE (raw),
           CASE WHEN broker = 'ibkr' AND row_class = 'trade'
                THEN coalesce(nullif(raw ->> '$.listingExchange', ''), nullif(raw ->> '$.exchange', '')) END AS listed_at
    FROM records.statement_rows WHERE account = ? AND {} ORDER BY row_id
"""
_EVENTS = """
    SELECT e.run_id, e.order_id, e.event_id, e.event_key, e.occurred_at, e.session_date, e.kind, e.instrument_key,
           e.fill_quantity, e.fill_price, e.fee_amount, e.fee_currency, o.group_id, o.broker_ids
    FROM records.run_accounts a
    JOIN records.order_events e USING (run_id)
    LEFT JOIN records.orders o ON o.run_id = e.run_id AND o.order_id = e.order_id
    WHERE a.account = ? AND a.relation = ? AND e.fill_quantity <> 0
      AND e.kind IN ('trade', 'expiry', 'exercise', 'assignment', 'delivery')
    ORDER BY e.run_id, e.order_id, e.event_id
"""


def _records(session: WriteSession, sql: str, params: tuple[object, ...]) -> list[dict[str, Any]]:
    frame = session.frame(sql, params)
    return frame.to_dicts()


def _lean_fill(event: Mapping[str, Any], currency: str) -> LeanFill:
    in_currency = event["fee_currency"] in (None, currency)
    return LeanFill(
        reference=f"{event['run_id']}/{event['order_id']}/{event['event_id']}",
        run_id=event["run_id"],
        order_id=event["order_id"],
        instrument_key=event["instrument_key"],
        leg_class=_LEAN_CLASSES[event["kind"]],
        occurred_at=event["occurred_at"],
        session_date=event["session_date"],
        quantity=event["fill_quantity"],
        price=event["fill_price"],
        fee=event["fee_amount"] if in_currency else None,
        group_id=event["group_id"],
        broker_ids=tuple(json.loads(event["broker_ids"])) if event["broker_ids"] else (),
    )


def printed_charges(session: WriteSession, account: str) -> dict[str, dict[str, Decimal]]:
    """Costs by row and component, where the broker prints parts."""
    found: defaultdict[str, dict[str, Decimal]] = defaultdict(dict)
    for row_id, component, amount in session.rows(
        "SELECT row_id, component, sum(amount) FROM records.statement_charges JOIN records.statement_rows "
        "USING (row_id) WHERE account = ? GROUP BY row_id, component",
        (account,),
    ):
        found[row_id][component] = -amount
    return found


def _costs(row: Mapping[str, Any], charges: Mapping[str, Decimal]) -> tuple[Decimal | None, Decimal, bool]:
    """Commission and all other charges of a row as costs, and whether the first is everything in one figure."""
    commission = None if row["commission"] is None else -row["commission"]
    fees = -(row["fees"] or ZERO)
    if commission is None or row["fees"] is not None or row["broker"] not in _ALL_IN:
        return commission, fees, False
    if not charges:
        return commission, fees, bool(commission)
    own = charges.get("commission", ZERO)
    return own, commission - own, False


def _broker_fills(
    rows: Iterable[Mapping[str, Any]],
    chains: Mapping[str, tuple[str, ...]],
    charges: Mapping[str, Mapping[str, Decimal]],
) -> list[BrokerFill]:
    found = (_broker_fill(row, chains, charges.get(row["row_id"], {})) for row in rows)
    return [fill for fill in found if fill is not None]


def _foreign(
    session: WriteSession, plan: AccountPlan, charges: Mapping[str, Mapping[str, Decimal]]
) -> list[tuple[str, BrokerFill]]:
    """Standing fills in other currencies than the account's, with their currency."""
    rows = _records(session, _ROWS.format("currency <> ? AND superseded_by IS NULL"), (plan.account, plan.currency))
    fills = ((row["currency"], _broker_fill(row, {}, charges.get(row["row_id"], {}))) for row in rows)
    return [(currency, fill) for currency, fill in fills if fill is not None]


def _broker_fill(
    row: Mapping[str, Any], chains: Mapping[str, tuple[str, ...]], charges: Mapping[str, Decimal]
) -> BrokerFill | None:
    leg_class = _BROKER_CLASSES.get(row["row_class"])
    settles_cash = row["row_class"] == "cash_settlement"
    if settles_cash:
        leg_class = "exercise" if "Exercise" in row["sub_type"] else "assignment"
    if leg_class is None or not row["quantity"] or row["instrument_key"] is None:
        return None
    sign = -1 if row["side"] == "sell" else 1
    commission, fees, all_in = _costs(row, charges)
    return BrokerFill(
        row_id=row["row_id"],
        instrument_key=row["instrument_key"],
        leg_class=leg_class,
        occurred_at=row["occurred_at"],
        session_date=row["session_date"],
        quantity=row["quantity"] * sign,
        price=row["price"],
        commission=commission,
        fees=fees,
        effect=row["effect"],
        order_number=row["order_number"],
        value=row["value"],
        sided=row["side"] is not None,
        settles_cash=settles_cash,
        all_in=all_in,
        has_time=row["has_time"] is not False,
        exchange=charges.get("exchange", ZERO),
        listed_at=row["listed_at"],
        execution_id=row["execution_id"],
        cancels=row["cancels"],
        corrects=chains.get(row["row_id"], ()),
    )


def _chains(rows: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Standing row -> every row that it replaced, directly or through others."""
    successor = {row["row_id"]: row["superseded_by"] for row in rows if row["superseded_by"] is not None}
    chains: defaultdict[str, list[str]] = defaultdict(list)
    for original in sorted(successor):
        last, seen = original, {original}
        while (following := successor.get(last)) is not None and following not in seen:
            seen.add(following)
            last = following
        chains[last].append(original)
    return {last: tuple(originals) for last, originals in chains.items()}


def _is_account_row(row: Mapping[str, Any]) -> bool:
    return is_account_row(row["row_class"], row["sub_type"], row["description"] or "")


def _account_row(row: Mapping[str, Any]) -> AccountRow:
    return AccountRow(
        row_id=row["row_id"],
        session_date=row["session_date"],
        occurred_at=row["occurred_at"],
        sub_type=row["sub_type"],
        description=": ".join(text for text in (row["client_reference"], row["description"]) if text),
        amount=row["value"] + (row["commission"] or ZERO) + (row["fees"] or ZERO),
    )


def _charged_row(row: Mapping[str, Any]) -> ChargedRow:
    printed: Decimal = -((row["commission"] or ZERO) + (row["fees"] or ZERO))
    of_account = is_charge(row["row_class"], row["sub_type"], row["description"] or "")
    by_total = None if row["total"] is None else (ZERO if of_account else row["value"]) - row["total"]
    return ChargedRow(
        row_id=row["row_id"],
        session_date=row["session_date"],
        by_columns=printed - row["value"] if of_account else printed,
        by_total=by_total,
        place="none",
    )


def _instruments(
    session: WriteSession, broker: str, rows: Iterable[Mapping[str, Any]], lean_keys: set[str]
) -> dict[str, Instrument]:
    found: dict[str, Instrument] = {}
    wanted = set(lean_keys)
    for row in rows:
        key = row["instrument_key"]
        if key is None or key in found:
            continue
        if broker != "tastytrade":
            wanted.add(key)
            continue
        try:
            found[key] = from_tastytrade(
                row["symbol"],
                row["instrument_type"],
                underlying=row["underlying"],
                multiplier_text=None if row["multiplier"] is None else format(row["multiplier"], "f"),
                traded_on=row["occurred_at"].astimezone(_NEW_YORK).date(),
            )
        except (SymbolError, ValueError):
            continue
    known = {row["instrument_key"]: row for row in _records(session, "SELECT * FROM records.instruments", ())}
    for key in sorted(wanted - found.keys()):
        instrument = _of_lean(key, known.get(key))
        if instrument is not None:
            found[key] = instrument
    return found


def _of_lean(key: str, row: Mapping[str, Any] | None) -> Instrument | None:
    if row is None:
        try:
            return from_occ(key)
        except SymbolError:
            return None
    names = ("security_type", "ticker", "underlying", "root", "expiry", "call_put", "strike", "style", "multiplier")
    return Instrument(key, **{name: row[name] for name in names})


def _terms(instrument: Instrument) -> Terms | None:
    product = instrument.fee_product
    multiplier = Decimal(1) if product == "equity" else instrument.multiplier
    return None if product is None or multiplier is None else Terms(product, multiplier, instrument.fee_root)


def _coverage(session: WriteSession, account: str) -> Coverage:
    exports = session.rows(
        "SELECT s.file_name, s.first_day, s.last_day, max(r.occurred_at) FROM records.statements s "
        "JOIN records.statement_row_sources f USING (sha256) JOIN records.statement_rows r USING (row_id) "
        "WHERE s.account = ? AND r.account = s.account AND s.first_day IS NOT NULL "
        "GROUP BY s.sha256, s.file_name, s.first_day, s.last_day",
        (account,),
    )
    return coverage_of(Export(*found) for found in exports)


def _relation(session: WriteSession, account: str) -> str:
    """Rehearsals never mix with an account's own figures: where runs trade live in it, only they count."""
    live = session.rows(
        "SELECT 1 FROM records.run_accounts WHERE account = ? AND relation = 'live' LIMIT 1", (account,)
    )
    return "live" if live else "rehearsal"


def _trading(session: WriteSession, account: str, relation: str, events: Iterable[Mapping[str, Any]]) -> list[Trading]:
    times: defaultdict[str, list[dt.datetime]] = defaultdict(list)
    for event in events:
        times[event["run_id"]].append(event["occurred_at"])
    runs = session.rows(
        "SELECT run_id, mode, started_at, newest_at, period_start, period_end "
        "FROM records.runs JOIN records.run_accounts USING (run_id) WHERE account = ? AND relation = ? ORDER BY run_id",
        (account, relation),
    )
    found = []
    for run_id, mode, started_at, newest_at, period_start, period_end in runs:
        moments = list(times[run_id])
        if mode in ("backtest", "optimization"):
            # The clock of a backtest is its period; when it was computed says nothing.
            moments += [_noon(day) for day in (period_start, period_end) if day is not None]
        else:
            moments += [moment for moment in (started_at, newest_at) if moment is not None]
        if moments:
            found.append(Trading(run_id, min(moments), max(moments)))
    return found


def _noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(12), _NEW_YORK).astimezone(dt.UTC)
