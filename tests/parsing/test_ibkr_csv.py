"""Interactive Brokers' CSV exports: Activity Statement, Transaction History, Flex trades."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.ibkr import activity_csv as ibkr_activity_csv
from pipelines.parsing.ibkr import trades_csv as ibkr_trades_csv
from pipelines.parsing.ibkr import transactions_csv as ibkr_transactions_csv
from pipelines.parsing.refusals import Refused
from pipelines.parsing.statements.formats import READERS, reader_of
from tests.shared import shared_path

ACTIVITY = """\ufeffStatement,Header,Field Name,Field Value
Statement,Data,Title,Activity Statement
Statement,Data,Period,"January 2, 2020 - January 3, 2020"
Trades,Header,DataDiscriminator,Asset Category,Currency,Symbol,Date/Time,Quantity,T. Price,C. Price,Proceeds,Comm/Fee,Basis,Realized P/L,MTM P/L,Code
Trades,Data,Order,Equity and Index Options,USD,SPY 17JAN20 331 C,"2020-01-02, 10:00:04",-2,0.26,0.3,52,-1.48,0,0,0,O
Trades,Data,Order,Stocks,USD,SPY,"2020-01-02, 10:00:05","1,000",300,300,"-300,000",-5,0,0,0,O;P
Trades,SubTotal,,Stocks,USD,SPY,,"1,000",,,"-300,000",-5,0,0,0,
Trades,Total,,Stocks,USD,,,,,,"-300,000",-5,0,0,0,
Trades,Header,DataDiscriminator,Asset Category,Currency,Symbol,Date/Time,Quantity,T. Price,,Proceeds,Comm in EUR,,,MTM in EUR,Code
Trades,Data,Order,Forex,USD,GBP.USD,"2020-01-02, 05:39:25",-345,1.2089,,417.0705,-1.99,,,2.27,
Fees,Header,Subtitle,Currency,Date,Description,Amount
Fees,Data,Other Fees,USD,2020-01-03,US Securities Snapshot,-0.01
Fees,Data,Total,,,,-0.01
"""
HISTORY = """Statement,Header,Field Name,Field Value
Statement,Data,Title,Transaction History
Summary,Header,Field Name,Field Value
Summary,Data,Base Currency,GBP
Transaction History,Header,Date,Account,Description,Transaction Type,Symbol,Quantity,Price,Gross Amount ,Commission,Net Amount
Transaction History,Data,2025-10-01,U***00000,FX,Forex Trade Component,GBP.USD,0.8,1.32,-2.637591265E-4,-,-2.637591265E-4
Transaction History,Data,2025-08-15,U***00000,FUND,Sell,CNX1,-2.0,1001.00,2002.0,-3.0,1999.0
"""
TRADES = """"Buy/Sell","TradeDate","ISIN","Quantity","TradePrice","TradeMoney","CurrencyPrimary","IBCommission","IBCommissionCurrency"
"BUY","20230803","US9220427424","1","97.84","97.84","USD","-0.979","USD"
"SELL","20230522","","-8000","1.1173","-8938.4","USD","-1.79924","CHF"
"""


def test_an_activity_statement_gives_orders_fees_and_its_period() -> None:
    file = ibkr_activity_csv.parse(ACTIVITY.encode())
    option, shares, forex, commission, fee = file.rows
    assert (option.instrument_key, option.side, option.quantity) == ("SPY   200117C00331000", "sell", Decimal(2))
    assert option.occurred_at == dt.datetime(2020, 1, 2, 15, 0, 4, tzinfo=dt.UTC)
    assert (shares.quantity, shares.value, shares.commission) == (Decimal(1000), Decimal(-300000), Decimal(-5))
    assert (forex.commission, commission.value, commission.currency) == (None, Decimal("-1.99"), "EUR")
    assert (fee.row_class, fee.sub_type, fee.value) == ("money", "Other Fees", Decimal("-0.01"))
    assert file.period == (dt.date(2020, 1, 2), dt.date(2020, 1, 3))
    assert file.refusals == ()


def test_executions_count_where_an_activity_statement_has_them() -> None:
    order = next(line for line in ACTIVITY.splitlines() if ',Stocks,USD,SPY,"2020' in line)
    parts = [order.replace("Data,Order", "Data,Trade").replace('"1,000"', size) for size in ("400", "600")]
    lot = order.replace("Data,Order", "Data,ClosedLot")
    file = ibkr_activity_csv.parse(ACTIVITY.replace(order, "\n".join([order, *parts, lot])).encode())
    assert [row.quantity for row in file.rows if row.instrument_type == "STK"] == [400, 600]


@pytest.mark.parametrize(
    ("first", "named"),
    [
        ("Statement,Header,Feldname,Feldwert", "another language"),
        ("Extracto,Header,Nombre del campo,Valor del campo", "another language"),
    ],
)
def test_a_statement_in_another_language_is_refused_by_name(first: str, named: str) -> None:
    data = "\n".join([first, *ACTIVITY.splitlines()[1:]]).encode()
    with pytest.raises(Refused, match=named):
        reader_of(data).parse(data)


def test_trades_under_another_name_are_refused_by_name() -> None:
    data = ACTIVITY.replace("Trades,", "Transaktionen,").encode()
    with pytest.raises(Refused, match="no English name") as caught:
        reader_of(data).parse(data)
    assert caught.value.refusal.field == "Transaktionen"


def test_a_history_reads_blanks_and_scientific_notation() -> None:
    forex, sold = ibkr_transactions_csv.parse(HISTORY.encode()).rows
    assert (forex.value, forex.currency, forex.row_class) == (Decimal("-0.0002637591265"), "GBP", "money")
    assert (sold.side, sold.commission, sold.total) == ("sell", Decimal(-3), Decimal(1999))
    assert (sold.quantity, sold.value) == (Decimal(2), Decimal(2002))
    assert not sold.has_time


def test_a_history_row_that_does_not_add_up_is_refused_by_field() -> None:
    (refusal,) = ibkr_transactions_csv.parse(HISTORY.replace("1999.0", "1998.0").encode()).refusals
    assert (refusal.line, refusal.field, refusal.value) == (7, "Net Amount", "1998.0")


def test_flex_trades_as_csv_have_the_columns_their_user_chose() -> None:
    bought, sold, commission = ibkr_trades_csv.parse(TRADES.encode()).rows
    assert (bought.side, bought.value, bought.commission) == ("buy", Decimal("-97.84"), Decimal("-0.979"))
    assert (sold.commission, commission.value, commission.currency) == (None, Decimal("-1.79924"), "CHF")


SAMPLES = {
    "DarioAlonsoCerezo__InitialImport.csv": (4, "-3.993341262"),
    "DarioAlonsoCerezo__ibkr_edge_cases_sample.csv": (0, "0"),
    "DarioAlonsoCerezo__ibkr_trading_day_sample.csv": (4, "-4.993341262"),
    "KapJI__transaction_history_test_basic.csv": (12, "-6"),
    "dickwolff__ibkr-trades-export.csv": (14, "-11.979"),
}
"""Rows and commissions in the currency of their trade."""


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_samples_are_read_with_their_totals(name: str) -> None:
    data = shared_path("samples", "ibkr", name).read_bytes()
    file = reader_of(data).parse(data)
    assert file.refusals == ()
    assert (len(file.rows), sum(row.commission or 0 for row in file.rows)) == (
        SAMPLES[name][0],
        Decimal(SAMPLES[name][1]),
    )


@pytest.mark.parametrize("text", [ACTIVITY, HISTORY, TRADES])
@given(data=st.data())
def test_damaged_exports_are_refused_and_never_break_a_reader(text: str, data: st.DataObject) -> None:
    lines = text.splitlines()
    damaged = data.draw(st.permutations(lines))
    cut = "\n".join(damaged)[: data.draw(st.integers(0, len(text)))]
    blob = cut.replace(
        data.draw(st.sampled_from([",", "-", "\n", "USD"])), data.draw(st.sampled_from(["", ";", "\x00", "é", "\r\n"]))
    )
    for reader in READERS:
        if reader.recognise(blob.encode()) is not None and reader.BROKER == "ibkr":
            try:
                file = reader.parse(blob.encode())
            except Refused:
                continue
            assert all(row.raw for row in file.rows)
