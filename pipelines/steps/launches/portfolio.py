"""What a paper deployment begins with: what its newest run left.

Holds: cash and positions of that run, in the terms LEAN's start takes.
Belongs here: carrying a paper account over a restart, which no broker does.
Never here: live accounts (the broker knows them), LEAN's notation of the start.
"""

from __future__ import annotations

from decimal import Decimal

from pipelines.config import DeploymentSettings
from pipelines.deployment.launches import HeldPosition, Portfolio
from pipelines.errors import ConfigurationError, Conflict
from tomking.kernel.occ import SymbolError
from tomking.kernel.sessions import session_of
from tomking.kernel.symbols.keys import from_key
from tomking.kernel.symbols.lean import to_lean_value
from warehouse.access import WriteSession

_NEWEST = """
SELECT r.run_id FROM derived.deployment_runs r JOIN derived.deployments d USING (deployment_id)
WHERE d.name = ? AND d.mode = 'paper' ORDER BY r.position DESC LIMIT 1
"""


def portfolio_left(session: WriteSession, deployment: DeploymentSettings, *, flat: bool) -> Portfolio:
    """Cash and positions of the newest run of a paper deployment, else its configured cash.

    `flat` leaves out what the run before left. Raises ConfigurationError where no cash is known, Conflict for a position
    that expired while nothing ran: what became of it is nowhere written.
    """
    newest = [] if flat else session.rows(_NEWEST, [deployment.name])
    if newest:
        run_id = newest[0][0]
        cash = dict(session.rows("SELECT currency, amount FROM records.cash WHERE run_id = ? ORDER BY 1", [run_id]))
        if cash:
            return Portfolio(cash, _positions(session, run_id, deployment.name))
    if deployment.cash is None:
        raise ConfigurationError(
            f"paper deployment {deployment.name!r} has nothing to begin with",
            where=f"deployments.{deployment.name}.cash",
            remedy='set cash = "250000", or whatever the account shall hold',
        )
    return Portfolio({"USD": deployment.cash})


def _positions(session: WriteSession, run_id: str, deployment: str) -> tuple[HeldPosition, ...]:
    rows = session.rows(
        "SELECT h.symbol_id, h.instrument_key, h.quantity, h.average_price, h.price, i.expiry "
        "FROM records.holdings h LEFT JOIN records.instruments i USING (instrument_key) "
        "WHERE h.run_id = ? AND h.quantity <> 0 ORDER BY h.symbol_id",
        [run_id],
    )
    today = session_of(session.now)
    found = []
    for symbol_id, key, quantity, average, price, expiry in rows:
        if expiry is not None and expiry < today:
            raise Conflict(
                f"{deployment} still holds {quantity:f} of {key or symbol_id}, which expired on {expiry}",
                why="nothing ran when it did, so what it brought is not known",
                remedy="`tomking deploy --flat` begins with the configured cash and no position",
            )
        found.append(_held(symbol_id, key, quantity, average, price))
    return tuple(found)


def _held(symbol_id: str, key: str | None, quantity: Decimal, average: Decimal, price: Decimal | None) -> HeldPosition:
    underlying_id = symbol_id.partition("|")[2] or None
    value = underlying = None
    if key is not None:
        try:
            instrument = from_key(key)
            value, underlying = to_lean_value(instrument), instrument.underlying
        except SymbolError:
            value = None
    return HeldPosition(
        symbol_id=symbol_id,
        value=value or symbol_id.split(" ", maxsplit=1)[0],
        quantity=quantity,
        average_price=average,
        price=price,
        underlying_id=underlying_id,
        underlying_value=underlying,
    )
