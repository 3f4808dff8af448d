"""LEAN's own totals of a run, each beside ours and with the reason why it differs.

Holds: how LEAN makes each of its totals, done again with our events, so that a difference is a number of known parts.
Belongs here: a total that LEAN prints and the rule it is made by.
Never here: the equity identity (`run_money`).

The rules were observed on 555 runs of the engine: a closed trade is fill to fill, first in first out, gross, without
the cash settlement; it carries the fee of the first fill event of each order, once; the `profitLoss` map subtracts the
closing fee twice and no opening fee; a trade is a win if its option ended in the money, whatever the premium says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipelines.transforms.accounting.run_accounts import Account
from pipelines.transforms.accounting.run_money import CENT, UNEXPLAINED, Cause, LeanFigures, profit_without_event, total
from tomking.kernel.money import ZERO, add


@dataclass(frozen=True, slots=True)
class Figure:
    """A total: ours, LEAN's, and the causes that add up to the difference (LEAN's less ours)."""

    figure: str
    ours: Decimal | None
    lean: Decimal
    causes: tuple[Cause, ...] = ()

    @property
    def difference(self) -> Decimal | None:
        """LEAN's figure less ours."""
        return None if self.ours is None else add((self.lean, -self.ours))


@dataclass(frozen=True, slots=True)
class OrderFees:
    """Fees of a run's orders, in whatever currency."""

    charged: Decimal = ZERO
    of_unused: Decimal = ZERO
    """Of orders that no closed trade names."""
    after_first_fill: Decimal = ZERO
    """Of orders that one names, the part that is not on the first event that filled something."""


@dataclass(frozen=True, slots=True)
class TradeTotals:
    """Sums over LEAN's closed trades and its `profitLoss` map. None: there is no such list."""

    profit_loss: Decimal | None = None
    trades: int = 0
    names_orders: bool = False
    """Whether they carry the ids of their orders (since 2025-09)."""
    wins: int | None = None
    gains: int = 0
    """Trades whose `profitLoss` is above zero."""
    odd_option_wins: int = 0
    """Of options: wins that gained nothing, less gains that are no win."""
    booked: Decimal | None = None
    """Sum of the `profitLoss` map."""


@dataclass(frozen=True, slots=True)
class Recomputed:
    """Our side: the account, its orders' fees, the causes of its end."""

    account: Account
    order_fees: OrderFees
    currency: str | None
    end_causes: Sequence[Cause] = ()

    @property
    def fees(self) -> Decimal:
        """All fees in the account's currency; those taken in a coin at the price of their fills."""
        account = self.account
        return add((account.fees_in(self.currency), account.coin_fees.get(self.currency or "", ZERO)))

    @property
    def everywhere(self) -> str | None:
        """A cause that changes every figure of the run by amounts that no file tells."""
        if self.account.foreign:
            return "conversion_rate"
        names = {cause.cause for cause in self.end_causes}
        return next((name for name in ("position_outside_events", "inherited_holdings") if name in names), None)


def lean_totals(ours: Recomputed, figures: LeanFigures, trades: TradeTotals) -> list[Figure]:
    """Every total that the run's files have."""
    made = [
        _fees("total_fees", ours, figures.total_fees),
        _fees("runtime_fees", ours, figures.fees),
        _net_profit(ours, figures),
        _trade_fees(ours, trades, figures.trade_fees),
        _closed_profit(ours, trades),
        _booked(ours, trades),
        _wins(trades),
        _percent(figures),
    ]
    return [figure for figure in made if figure is not None]


def _named(
    figure: str, ours: Decimal | None, lean: Decimal, *causes: Cause | None, tolerance: Decimal = CENT
) -> Figure:
    """The figure with those of the causes that are there, and what they leave."""
    if ours is None:
        return Figure(figure, None, lean)
    rest = add((lean, -ours))
    if abs(rest) <= tolerance:
        return Figure(figure, ours, lean)
    kept = [cause for cause in causes if cause is not None and cause.amount]
    rest = add((rest, *(-cause.amount for cause in kept)))
    if rest:
        kept.append(Cause("rounding" if abs(rest) <= tolerance else UNEXPLAINED, rest))
    return Figure(figure, ours, lean, tuple(kept))


def _rest(name: str, ours: Decimal, lean: Decimal, *before: Cause | None, note: str | None = None) -> Cause:
    """A cause that takes all that the causes before it leave."""
    taken = [-cause.amount for cause in before if cause is not None]
    return Cause(name, add((lean, -ours, *taken)), note)


def _fees(figure: str, ours: Recomputed, lean: Decimal | None) -> Figure | None:
    if lean is None:
        return None
    cause = _rest("conversion_rate", ours.fees, lean, note="fees in other currencies") if ours.account.foreign else None
    return _named(figure, ours.fees, lean, cause)


def _net_profit(ours: Recomputed, figures: LeanFigures) -> Figure | None:
    """Runtime `Net Profit`: profit at average cost, dividends in it, less fees."""
    lean, account = figures.net_profit, ours.account
    if lean is None:
        return None
    realised = total([book.realised_at_average for book in account.in_currency(ours.currency)])
    if realised is None:
        return Figure("net_profit", None, lean)
    mine = add((realised, -ours.fees))
    if ours.everywhere:
        return _named("net_profit", mine, lean, _rest(ours.everywhere, mine, lean))
    cause = next((cause for cause in ours.end_causes if cause.cause == "dividends"), None)
    if cause is None and account.raw_shares:
        cause = Cause("dividends", profit_without_event(account, figures) or ZERO)
    return _named("net_profit", mine, lean, cause)


def _trade_fees(ours: Recomputed, trades: TradeTotals, lean: Decimal | None) -> Figure | None:
    """`tradeStatistics.totalFees`: fees on first fill events, of orders that a closed trade uses."""
    if lean is None:
        return None
    mine = ours.order_fees.charged
    if trades.trades and not lean:
        return _named("trade_fees", mine, lean, Cause("statistics_not_made", -mine, "all zero beside listed trades"))
    causes: list[Cause] = []
    if trades.names_orders or not trades.trades:
        unused, lost = ours.order_fees.of_unused, ours.order_fees.after_first_fill
        causes = [
            Cause("fee_of_open_position", -unused, "orders that no closed trade uses"),
            Cause("fee_after_first_fill", -lost, "LEAN books the fee of an order's first fill event only"),
        ]
    if ours.account.foreign or ours.account.coin_fees:
        causes.append(_rest("conversion_rate", mine, lean, *causes))
    return _named("trade_fees", mine, lean, *causes)


def _closed_profit(ours: Recomputed, trades: TradeTotals) -> Figure | None:
    """Sum of the closed trades' `profitLoss`, each rounded to the cent."""
    lean = trades.profit_loss
    if lean is None:
        return None
    realised = ours.account.closed_profit
    settled = total([book.settlement for book in ours.account.books.values()])
    if realised is None or settled is None:
        return Figure("closed_trades_profit", None, lean)
    omitted = Cause("settlement_omitted", -settled, "closed trades end at price 0 where an option is settled in cash")
    tolerance = CENT * max(1, trades.trades)
    name = ours.everywhere or ("split" if ours.account.fractions else None)
    other = _rest(name, realised, lean, omitted) if name else None
    return _named("closed_trades_profit", realised, lean, omitted, other, tolerance=tolerance)


def _booked(ours: Recomputed, trades: TradeTotals) -> Figure | None:
    """Sum of the `profitLoss` map against profit at average cost less all fees."""
    lean, books = trades.booked, ours.account.books.values()
    if lean is None:
        return None
    realised = total([book.realised_at_average for book in books])
    if realised is None:
        return Figure("profit_loss_map", None, lean)
    mine = add((realised, -ours.fees))
    closing = ours.account.closing_fees
    twice = Cause("closing_fee_twice", add((ours.fees, -closing, -closing)), "no opening fee, the closing fee twice")
    name = ours.everywhere
    if name is None and any(book.terms.security_type == "future" for book in books):
        name = "daily_settlement"
    if name is None and ours.account.fractions:
        name = "split"
    return _named("profit_loss_map", mine, lean, twice, _rest(name, mine, lean, twice) if name else None)


def _wins(trades: TradeTotals) -> Figure | None:
    """Trades with `isWin` against trades whose `profitLoss` is above zero."""
    if trades.wins is None:
        return None
    ours, lean = Decimal(trades.gains), Decimal(trades.wins)
    odd = Decimal(trades.odd_option_wins)
    cause = Cause("option_in_the_money", odd, "isWin asks whether the option ended in the money")
    return _named("winning_trades", ours, lean, cause, tolerance=ZERO)


def _percent(figures: LeanFigures) -> Figure | None:
    """`Net Profit` of the statistics in percent against the change of equity."""
    start, end, lean = figures.start_equity, figures.end_equity, figures.net_profit_percent
    if start is None or end is None or lean is None or not start:
        return None
    ours = (end - start) / start * 100
    cause = (
        Cause("too_few_days", lean - ours, "LEAN leaves statistics at zero below a few daily points")
        if not lean
        else None
    )
    return _named("net_profit_percent", ours, lean, cause, tolerance=Decimal("0.001"))
