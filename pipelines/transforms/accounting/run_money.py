"""Whether a run's money ties: start + cash - fees + marks against the equity at which LEAN ended.

Holds: LEAN's figures of a run, the value of what is still open, the identity, and names for what it leaves.
Belongs here: a cause that can be told from the files of a run, with its rule.
Never here: books and lots (`run_accounts`), or LEAN's other totals (`lean_totals`).

No file holds the prices of open positions. Runtime `Holdings` (sum of absolute values) gives them where all positions
are on one side; else runtime `Equity` less start less `Net Profit` is what open positions have gained, and their cost
is known; the Exposure chart, whose ratios have four decimals, has to agree. Both leave a rest where money moved that no order event tells: `Net Profit` has dividends in it, `Equity` also
what went to cash alone (split fractions, interest). A cause is named only where its own rule fits the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from pipelines.transforms.accounting.run_accounts import Account
from tomking.kernel.money import ZERO, add

CENT = Decimal("0.01")
"""LEAN prints two decimals, and two printed figures meet in every comparison."""

UNEXPLAINED = "unexplained"
CashHistory = Literal["gradual", "sudden"]


@dataclass(frozen=True, slots=True)
class LeanFigures:
    """What LEAN says of a run, in the account's currency. `equity` is the runtime figure, read after `end_equity`.

    `fees` and `total_fees` are costs, positive. None: the files do not say.
    """

    currency: str | None
    start_equity: Decimal | None = None
    end_equity: Decimal | None = None
    equity: Decimal | None = None
    holdings: Decimal | None = None
    net_profit: Decimal | None = None
    unrealized: Decimal | None = None
    fees: Decimal | None = None
    total_fees: Decimal | None = None
    trade_fees: Decimal | None = None
    net_profit_percent: Decimal | None = None
    live_marks: Decimal | None = None
    """Value of the holdings in a live run's status file."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """Value of the open positions, long less short, by the last point of the Exposure chart, and how far its rounded
    ratios may be from it."""

    value: Decimal
    tolerance: Decimal


@dataclass(frozen=True, slots=True)
class Evidence:
    """What other records say about cash that no event tells.

    `dividends` are expected payments per share and day (from factor files), `cash_history` tells how cash moved between
    fills: `gradual` over days, or `sudden`.
    """

    dividends: tuple[str, ...] = ()
    dividend_total: Decimal | None = None
    cash_history: CashHistory | None = None
    inherited: bool = False
    exposure: Exposure | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """A part of a difference (LEAN's figure less ours), with its name.

    `basis` of a dividend: factor_files (a table of dividends says so), or net_profit (inferred: LEAN's runtime Net
    Profit has it and no event does).
    """

    cause: str
    amount: Decimal
    note: str | None = None
    basis: str | None = None


@dataclass(frozen=True, slots=True)
class RunMoney:
    """The identity of one run in its account's currency; a None among the figures is unknown."""

    start: Decimal | None
    flows: Decimal | None
    settlement: Decimal | None
    fees: Decimal
    marks: Decimal | None
    marks_source: str
    end_lean: Decimal | None
    causes: tuple[Cause, ...] = field(default=())

    @property
    def end_ours(self) -> Decimal | None:
        """Start and everything that happened."""
        parts = [self.start, self.flows, self.settlement, self.marks]
        known = [part for part in parts if part is not None]
        return add((*known, -self.fees)) if len(known) == len(parts) else None

    @property
    def difference(self) -> Decimal | None:
        """LEAN's end less ours."""
        ours = self.end_ours
        return None if ours is None or self.end_lean is None else add((self.end_lean, -ours))

    @property
    def unexplained(self) -> Decimal | None:
        """What no cause names."""
        if self.difference is None:
            return None
        return add(cause.amount for cause in self.causes if cause.cause == UNEXPLAINED)

    @property
    def state(self) -> str:
        """ties (to the cent), explained (every difference has a name), unexplained, unknown (a figure is missing)."""
        if self.difference is None:
            return "unknown"
        if abs(self.difference) <= CENT:
            return "ties"
        return UNEXPLAINED if self.unexplained else "explained"


def total(amounts: Sequence[Decimal | None]) -> Decimal | None:
    """The sum; None where one is unknown."""
    known = [amount for amount in amounts if amount is not None]
    return add(known) if len(known) == len(amounts) else None


def run_money(account: Account, figures: LeanFigures, evidence: Evidence | None = None) -> RunMoney:
    """The identity of a run and the causes of what it leaves."""
    own = account.in_currency(figures.currency)
    marks, source = value_of_open(account, figures, evidence.exposure if evidence else None)
    made = RunMoney(
        start=figures.start_equity,
        flows=total([book.flows for book in own]),
        settlement=total([book.settlement for book in own]),
        fees=account.fees_in(figures.currency),
        marks=marks,
        marks_source=source,
        end_lean=figures.end_equity if figures.end_equity is not None else figures.equity,
    )
    if made.difference is None:
        return made
    causes = _causes(account, figures, evidence or Evidence(), made)
    return RunMoney(made.start, made.flows, made.settlement, made.fees, marks, source, made.end_lean, tuple(causes))


def value_of_open(
    account: Account, figures: LeanFigures, exposure: Exposure | None = None
) -> tuple[Decimal | None, str]:
    """What the open positions are worth and from which figures.

    Sources: flat; live_holdings (prices of the status file); holdings (one side only: plus or minus runtime
    `Holdings`); both sides: net_profit (`Equity` - start - `Net Profit` + cost, with nothing to check it),
    net_profit_and_exposure (the Exposure chart agrees within its rounding), exposure (it does not: money that is
    neither in events nor in Net Profit would hide in the first); unknown.
    """
    open_books = account.open_books
    if not open_books:
        return ZERO, "flat"
    if figures.live_marks is not None:
        return figures.live_marks, "live_holdings"
    sides = {book.quantity > 0 for book in open_books}
    if figures.holdings is not None and (len(sides) == 1 or not figures.holdings):
        return (figures.holdings if sides == {True} else -figures.holdings), "holdings"
    cost = total([book.average_open_cost for book in open_books])
    gained = total([figures.equity, _negative(figures.start_equity), _negative(figures.net_profit)])
    if account.foreign:
        return None, "unknown"
    marks = None if cost is None or gained is None else cost + gained
    if marks is not None and figures.holdings is not None and abs(marks) > figures.holdings + CENT:
        marks = None
    if exposure is None or account.settles_daily:
        return marks, "unknown" if marks is None else "net_profit"
    if marks is not None and abs(marks - exposure.value) <= exposure.tolerance:
        return marks, "net_profit_and_exposure"
    return exposure.value, "exposure"


def _causes(account: Account, figures: LeanFigures, evidence: Evidence, made: RunMoney) -> list[Cause]:
    rest = made.difference or ZERO
    if abs(rest) <= CENT:
        return []
    if account.open_books and figures.holdings == 0 and figures.live_marks is None:
        return [Cause("position_outside_events", rest, _outside(account, rest))]
    causes: list[Cause] = []
    if made.marks_source == "exposure" and evidence.exposure and abs(rest) <= evidence.exposure.tolerance:
        return [Cause("exposure_rounding", rest, "open positions are valued by ratios with four decimals")]
    for cause in (
        *_coin_fees(account, figures),
        *_later_equity(figures),
        *_booked_profit(account, figures, evidence),
    ):
        causes.append(cause)
        rest = add((rest, -cause.amount))
    if abs(rest) > CENT:
        for cause in _of_cash(account, figures, evidence, rest):
            causes.append(cause)
            rest = add((rest, -cause.amount))
    if rest:
        causes.append(Cause("rounding" if abs(rest) <= CENT else UNEXPLAINED, rest))
    return causes


def _coin_fees(account: Account, figures: LeanFigures) -> list[Cause]:
    """Fees taken from the coin that was bought: the whole quantity was paid, the fill shows what was left of it."""
    amount = account.coin_fees.get(figures.currency or "", ZERO)
    return (
        [Cause("fee_in_coin", -amount, "fees taken from the coin bought, at the price of their fills")]
        if amount
        else []
    )


def _later_equity(figures: LeanFigures) -> list[Cause]:
    """Holdings are read with the runtime equity, later than the last point of the chart that ends the statistics."""
    if figures.equity is None or figures.end_equity is None:
        return []
    amount = figures.end_equity - figures.equity
    if abs(amount) <= CENT:
        return []
    return [Cause("last_chart_point", amount, "End Equity is the last point of the chart, runtime Equity is later")]


def _booked_profit(account: Account, figures: LeanFigures, evidence: Evidence) -> list[Cause]:
    """Profit that LEAN's runtime `Net Profit` has and no event tells: dividends, where raw shares were held overnight."""
    amount = profit_without_event(account, figures)
    if amount is None or abs(amount) <= CENT or account.foreign or evidence.inherited:
        return []
    if not account.raw_shares:
        return [Cause(UNEXPLAINED, amount, "in LEAN's Net Profit, in no event")]
    return [dividends_of(account, evidence, amount)]


def dividends_of(account: Account, evidence: Evidence, amount: Decimal) -> Cause:
    """Profit that no event tells, where raw shares were held overnight; the note says what it rests on."""
    paid = "; ".join(evidence.dividends)
    if evidence.dividend_total is not None and abs(evidence.dividend_total - amount) <= CENT:
        return Cause("dividends", amount, f"by factor files: {paid}", "factor_files")
    held = "; ".join(
        f"{key} held {first} to {last or 'the end'}"
        for key, spans in sorted(account.raw_shares.items())
        for first, last in spans
    )
    said = f"factor files say {evidence.dividend_total:f}: {paid}" if paid else "no factor file was read that says so"
    return Cause("dividends", amount, f"inferred from LEAN's Net Profit, {said}; {held}", "net_profit")


def profit_without_event(account: Account, figures: LeanFigures) -> Decimal | None:
    """LEAN's runtime `Net Profit` less profit at average cost net of fees; None where one is unknown."""
    realised = total([book.realised_at_average for book in account.in_currency(figures.currency)])
    if realised is None or figures.net_profit is None:
        return None
    fees = add((account.fees_in(figures.currency), account.coin_fees.get(figures.currency or "", ZERO)))
    return add((figures.net_profit, fees, -realised))


def _of_cash(account: Account, figures: LeanFigures, evidence: Evidence, rest: Decimal) -> list[Cause]:
    """Names for money that moved in the account and not in its profit."""
    if evidence.inherited:
        return [Cause("inherited_holdings", rest, "value of positions that an earlier run opened, at this run's start")]
    if account.foreign:
        return _of_conversion(account, figures, rest)
    if account.settles_daily:
        return _of_daily_settlement(account, figures, rest)
    if account.holds_pairs and (note := _sold_coins(account, figures, rest)):
        return [Cause("coins_at_start", rest, note)]
    if account.holds_pairs:
        return [Cause("conversion_rate", rest, "balances of the pair's base currency at rates that are in no file")]
    if account.raw_shares and (note := _split_note(account, figures, rest)):
        return [Cause("split_fraction", rest, note)]
    if evidence.cash_history == "gradual":
        return [Cause("margin_interest", rest, "cash moved a little on most days without a fill")]
    if evidence.cash_history == "sudden":
        return [Cause("cash_set_by_code", rest, "cash moved at once without a fill")]
    return []


def _of_conversion(account: Account, figures: LeanFigures, rest: Decimal) -> list[Cause]:
    """Fees in other currencies at the rates LEAN used for its own total, and the rest of what those currencies hold."""
    causes = []
    elsewhere = any(account.fees_in(currency) for currency in account.foreign)
    if elsewhere and figures.total_fees is not None:
        known = add((account.fees_in(figures.currency), account.coin_fees.get(figures.currency or "", ZERO)))
        causes.append(Cause("fee_in_other_currency", add((known, -figures.total_fees)), "as LEAN converted them"))
    moved = []
    for currency, (flows, settlement, fees) in balances(account).items():
        if currency in account.foreign:
            change = total([flows, settlement, -fees])
            moved.append(f"an unknown amount of {currency}" if change is None else f"{change.normalize():f} {currency}")
    left = add((rest, *(-cause.amount for cause in causes)))
    return [*causes, Cause("conversion_rate", left, f"{'; '.join(moved)} moved, at rates that are in no file")]


def _of_daily_settlement(account: Account, figures: LeanFigures, rest: Decimal) -> list[Cause]:
    """Equity counts an open future at the price and less the fee of closing it, `Holdings` at its last price.

    `Unrealized` has the same estimate for every open position, so the rest lies between that and zero; crypto futures
    also pay or receive funding, which goes to cash alone.
    """
    estimate = _closing_estimate(account, figures)
    funded = any(book.terms.security_type == "crypto_future" for book in account.books.values())
    if estimate is not None and estimate - CENT <= rest <= CENT:
        return [Cause("closing_estimate", rest, "open futures at bid or ask, less the fee of closing them")]
    if not funded:
        return []
    causes = [Cause("closing_estimate", estimate)] if estimate else []
    return [*causes, Cause("margin_interest", rest - (estimate or ZERO), "funding of crypto futures")]


def _closing_estimate(account: Account, figures: LeanFigures) -> Decimal | None:
    open_books = account.open_books
    cost = total([book.average_open_cost for book in open_books])
    sides = {book.quantity > 0 for book in open_books}
    if cost is None or figures.unrealized is None or figures.holdings is None or len(sides) != 1:
        return None
    value = figures.holdings if sides == {True} else -figures.holdings
    return add((figures.unrealized, cost, -value))


def _sold_coins(account: Account, figures: LeanFigures, rest: Decimal) -> str | None:
    """Coins cannot be sold short for cash: a short position in them is a sale of coins held at the start.

    They were in the start at their price then, and are gone; LEAN's `Holdings` show a short position all the same.
    """
    short = [book for book in account.open_books if book.terms.security_type == "crypto" and book.quantity < 0]
    holdings = figures.holdings or ZERO
    if len(short) != 1 or len(account.open_books) != 1 or abs(rest) <= holdings * _RATE_DRIFT:
        return None
    price = (holdings - rest) / -short[0].quantity
    if not holdings / _PLAUSIBLE < price * -short[0].quantity < holdings * _PLAUSIBLE:
        return None
    return f"{-short[0].quantity.normalize():f} {short[0].terms.base} held at the start, at {price.quantize(CENT)}"


def _split_note(account: Account, figures: LeanFigures, rest: Decimal) -> str | None:
    """What tells that a rest is the fraction of a share that a split cut off, paid in cash."""
    if cut := {key: fraction for key, fraction in account.fractions.items() if fraction}:
        return "; ".join(f"{key}: {fraction.normalize():f} of a share" for key, fraction in sorted(cut.items()))
    open_books = account.open_books
    if len(open_books) != 1 or not figures.holdings or open_books[0].quantity <= 0:
        return None
    held = open_books[0].quantity
    for ratio in range(2, _LARGEST_SPLIT):
        # Factors are stored rounded: 100 / 0.142857143 is 699.9999993, so 699 shares and nearly one in cash.
        for cut_to in (held * ratio - 1, (held / ratio).to_integral_value(rounding="ROUND_DOWN")):
            if cut_to <= 0:
                continue
            fraction = held * ratio - cut_to if cut_to > held else held / ratio - cut_to
            paid = fraction * figures.holdings / cut_to
            if fraction and abs(paid - rest) <= abs(rest) * _PRICE_DRIFT:
                return f"{open_books[0].terms.key}: {held:f} shares became {cut_to:f} and the rest cash"
    return None


_LARGEST_SPLIT = 51
_PLAUSIBLE = 3
_RATE_DRIFT = Decimal("0.005")
"""How far the rate of a currency may lie from the price of its pair."""
_PRICE_DRIFT = Decimal("0.05")
"""How far the price of the split may lie from the last one, with nothing but the last to go by."""


def _outside(account: Account, rest: Decimal) -> str:
    named = ", ".join(f"{-book.quantity:f} {book.terms.key}" for book in account.open_books)
    return f"LEAN holds nothing at the end; no event opened {named}"


def _negative(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else -amount


def balances(account: Account) -> Mapping[str, tuple[Decimal | None, Decimal | None, Decimal]]:
    """Flows, settlement and fees by currency."""
    return {
        currency: (
            total([book.flows for book in account.in_currency(currency)]),
            total([book.settlement for book in account.in_currency(currency)]),
            account.fees_in(currency),
        )
        for currency in account.currencies
    }
