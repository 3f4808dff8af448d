"""What DuckDB's `read_json` needs for the files of one run: three ways of calling it, each in a process of its own.

Holds: the calls, and the types somebody would give who knows the format.
Belongs here: the floor of a large run.
Never here: our own reading (tests/benchmarks/large_run.py).

All three are inexact: DuckDB turns every JSON number into a float before it becomes any other type, and keeps no text
of it. None refuses an entry and takes the rest, and none stores the files.
"""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.children import Measured, code, run

BARE = "bare read_json"
TYPED = "read_json with types"
INTO_TABLES = "read_json into tables"
"""The call as one types it, which finds the types out and ends in one row of nested values; the same told the types;
and that put into tables of orders, events and trades with their keys, in a file, in one transaction."""

_SYMBOL = (
    "STRUCT(value VARCHAR, id VARCHAR, permtick VARCHAR, "
    "underlying STRUCT(value VARCHAR, id VARCHAR, permtick VARCHAR))"
)
_MONEY = "DECIMAL(38, 18)"
_TYPES = {
    "orders": f"MAP(VARCHAR, STRUCT(id INT, brokerId VARCHAR[], symbol {_SYMBOL}, price {_MONEY}, limitPrice {_MONEY}, "
    "priceCurrency VARCHAR, time VARCHAR, createdTime VARCHAR, lastFillTime VARCHAR, canceledTime VARCHAR, "
    f'quantity {_MONEY}, "type" INT, status INT, tag VARCHAR, properties JSON, securityType INT, direction INT, '
    f'"value" {_MONEY}, orderSubmissionData STRUCT(bidPrice {_MONEY}, askPrice {_MONEY}, lastPrice {_MONEY}), '
    f"isMarketable BOOLEAN, groupOrderManager STRUCT(id INT, quantity {_MONEY}, count INT, limitPrice {_MONEY}, "
    "orderIds INT[], direction INT), priceAdjustmentMode INT))",
    "totalPerformance": f"STRUCT(closedTrades STRUCT(id VARCHAR, symbols {_SYMBOL}[], entryTime VARCHAR, "
    f"exitTime VARCHAR, entryPrice {_MONEY}, exitPrice {_MONEY}, direction INT, quantity {_MONEY}, "
    f"profitLoss {_MONEY}, totalFees {_MONEY}, mae {_MONEY}, mfe {_MONEY}, duration VARCHAR, "
    f"endTradeDrawdown {_MONEY}, isWin BOOLEAN, orderIds INT[])[])",
    "profitLoss": f"MAP(VARCHAR, {_MONEY})",
    "statistics": "MAP(VARCHAR, VARCHAR)",
    "state": "MAP(VARCHAR, VARCHAR)",
    "charts": "JSON",
    "rollingWindow": "JSON",
}
"""The main file's members as DuckDB types."""

_BEFORE = """
import duckdb
main, events, columns, folder = sys.argv[1:]
connection = duckdb.connect(f"{folder}/floor.duckdb") if folder else duckdb.connect()
def reading(path, given=""):
    return f"read_json('{path}', maximum_object_size = {Path(path).stat().st_size + 1}{given})"
given = f", columns = {columns}" if columns else ""
"""
_NESTED = """
connection.execute(f"CREATE TABLE main AS SELECT * FROM {reading(main, given)}")
connection.execute(f"CREATE TABLE events AS SELECT * FROM {reading(events)}")
"""
_TABLES = """
connection.execute(f"CREATE TEMP TABLE main AS SELECT * FROM {reading(main, given)}")
one_order = "(SELECT unnest(map_values(orders), max_depth := 1) AS o FROM main)"
one_trade = "(SELECT unnest(totalPerformance.closedTrades) AS t, generate_subscripts(totalPerformance.closedTrades, 1) AS n FROM main)"
order = ("o.id, o.symbol.id AS symbol_id, o.symbol.value AS symbol, o.price, o.limitPrice, o.priceCurrency, "
    "o.time::TIMESTAMP AS sent, o.lastFillTime::TIMESTAMP AS filled, o.quantity, o.type, o.status, o.tag, o.direction, "
    "o.value, o.groupOrderManager.id AS group_id")
trade = ("n, t.symbols[1].id AS symbol_id, t.entryTime::TIMESTAMP AS entered, t.exitTime::TIMESTAMP AS left_at, "
    "t.entryPrice, t.exitPrice, t.direction, t.quantity, t.profitLoss, t.totalFees, t.mae, t.mfe")
for table, chosen, source in (("orders", order, one_order), ("trades", trade, one_trade), ("events", "*", reading(events))):
    connection.execute(f"CREATE TABLE {table} AS SELECT {chosen} FROM {source} LIMIT 0")
for table, key in (("orders", "id"), ("trades", "n"), ("events", '"orderId", "orderEventId"')):
    connection.execute(f"ALTER TABLE {table} ADD PRIMARY KEY ({key})")
connection.execute("BEGIN")
for table, chosen, source in (("orders", order, one_order), ("trades", trade, one_trade), ("events", "*", reading(events))):
    connection.execute(f"INSERT INTO {table} SELECT {chosen} FROM {source}")
connection.execute("COMMIT")
connection.execute("CHECKPOINT")
"""
_AFTER = """
((found,),) = connection.execute("SELECT count(*) FROM events").fetchall()
"""


def floor(way: str, main: Path, events: Path, work: Path) -> Measured:
    """One of the three calls over a main file and its events; `found` is the number of events."""
    listed = "" if way == BARE else "{" + ", ".join(f"{name}: '{kind}'" for name, kind in _TYPES.items()) + "}"
    folder = ""
    if way == INTO_TABLES:
        work.mkdir(parents=True)
        folder = str(work)
    work_code = _TABLES if way == INTO_TABLES else _NESTED
    return run(code(_BEFORE, work_code, _AFTER), str(main), str(events), listed, folder)
