"""Flex reports: which elements are rows, and what their attributes mean together."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.ibkr import flex as ibkr_flex
from pipelines.parsing.refusals import Refused
from pipelines.parsing.statements.formats import reader_of
from pipelines.parsing.statements.identity import identify_file
from pipelines.parsing.statements.rows import StatementFile, StatementRow
from tests.shared import shared_path

TRADE = {
    "assetCategory": "STK",
    "symbol": "SPY",
    "currency": "USD",
    "tradeID": "11",
    "ibOrderID": "7",
    "dateTime": "20250115;103000",
    "transactionType": "ExchTrade",
    "buySell": "BUY",
    "quantity": "100",
    "tradePrice": "500",
    "proceeds": "-50000",
    "ibCommission": "-1",
    "ibCommissionCurrency": "USD",
    "netCash": "-50001",
    "openCloseIndicator": "O",
    "levelOfDetail": "EXECUTION",
}
DETAIL = {
    "tradeID": "11",
    "totalCommission": "-1.000720223",
    "brokerExecutionCharge": "-1",
    "brokerClearingCharge": "0",
    "thirdPartyRegulatoryCharge": "-0.00072",
    "regFINRATradingActivityFee": "-0.00013",
    "regSection31TransactionFee": "-0.00059",
    "regOther": "0",
    "other": "0",
}


def element(tag: str, attributes: dict[str, str]) -> str:
    return f"<{tag} " + " ".join(f'{name}="{text}"' for name, text in attributes.items()) + " />"


def report(*statements: str, kind: str = "AF") -> bytes:
    inside = "\n".join(
        f'<FlexStatement accountId="U1234567" fromDate="20250101" toDate="20250131">\n{text}\n</FlexStatement>'
        for text in statements
    )
    return f'<FlexQueryResponse queryName="q" type="{kind}">\n<FlexStatements>\n{inside}\n</FlexStatements>\n</FlexQueryResponse>'.encode()


def section(name: str, *elements: str) -> str:
    return f"<{name}>\n" + "\n".join(elements) + f"\n</{name}>"


def trades(*attributes: dict[str, str]) -> str:
    return section("Trades", *(element("Trade", found) for found in attributes))


def only(file: StatementFile) -> StatementRow:
    (row,) = file.rows
    assert file.refusals == ()
    return row


def test_a_trade_has_its_side_amounts_and_names() -> None:
    row = only(ibkr_flex.parse(report(trades(TRADE))))
    assert (row.side, row.effect) == ("buy", "open")
    assert (row.quantity, row.price, row.value) == (Decimal(100), Decimal(500), Decimal(-50000))
    assert (row.commission, row.fees, row.total) == (Decimal(-1), None, Decimal(-50001))
    assert (row.instrument_key, row.execution_id, row.order_number) == ("SPY", "11", "7")
    assert row.occurred_at == dt.datetime(2025, 1, 15, 15, 30, tzinfo=dt.UTC)
    assert row.raw == TRADE


@pytest.mark.parametrize("missing", sorted(set(TRADE) - {"quantity", "dateTime", "currency"}))
def test_any_attribute_may_be_missing(missing: str) -> None:
    given_ = {name: text for name, text in TRADE.items() if name != missing}
    row = only(ibkr_flex.parse(report(trades(given_))))
    assert (row.side, row.quantity, row.value) == ("buy", Decimal(100), Decimal(-50000))


@pytest.mark.parametrize(
    ("text", "instant", "has_time"),
    [
        ("20250807;104523", "2025-08-07T14:45:23", True),
        ("2025-10-17;14:23:46", "2025-10-17T18:23:46", True),
        ("2025-12-15;095038", "2025-12-15T14:50:38", True),
        ("20260419 144528", "2026-04-19T18:45:28", True),
        ("2017-01-02, 090000", "2017-01-02T14:00:00", True),
        ("2022-02-1510:20:26", "2022-02-15T15:20:26", True),
        ("2022-02-15 10:20:26 EST", "2022-02-15T15:20:26", True),
        ("2022-02-15 10:20:26 EDT", "2022-02-15T14:20:26", True),
        ("2022-02-15T10:20:26+01:00", "2022-02-15T09:20:26", True),
        ("15-FEB-22;102026", "2022-02-15T15:20:26", True),
        ("02/15/2022;102026", "2022-02-15T15:20:26", True),
        ("15/02/2022;102026", "2022-02-15T15:20:26", True),
        ("20250807", "2025-08-07T04:00:00", False),
    ],
)
def test_every_date_format_of_the_queries_is_read(text: str, instant: str, has_time: bool) -> None:
    row = only(ibkr_flex.parse(report(trades({**TRADE, "dateTime": text}))))
    assert row.occurred_at == dt.datetime.fromisoformat(instant + "+00:00")
    assert row.has_time is has_time
    assert row.occurred_text == text


def test_a_date_whose_day_and_month_cannot_be_told_apart_is_refused_by_field() -> None:
    with pytest.raises(Refused, match="cannot be told apart"):
        ibkr_flex.parse(report(trades({**TRADE, "dateTime": "02/03/2022;102026"})))


def test_one_date_tells_the_order_of_all() -> None:
    late = {**TRADE, "tradeID": "12", "dateTime": "02/03/2022;102026"}
    file = ibkr_flex.parse(report(trades({**TRADE, "dateTime": "15/02/2022;102026"}, late)))
    assert [row.session_date for row in file.rows] == [dt.date(2022, 2, 15), dt.date(2022, 3, 2)]


def test_only_executions_count_where_levels_of_detail_are_mixed() -> None:
    others = [
        element("SymbolSummary", {**TRADE, "levelOfDetail": "SYMBOL_SUMMARY"}),
        element("Order", {**TRADE, "levelOfDetail": "ORDER"}),
        element("Trade", {**TRADE, "levelOfDetail": "CLOSED_LOT"}),
        element("Lot", {"symbol": "SPY"}),
        element("Trade", {**TRADE, "levelOfDetail": "ASSET_SUMMARY"}),
        element("Trade", {**TRADE, "levelOfDetail": "WASH_SALE"}),
    ]
    assert only(ibkr_flex.parse(report(section("Trades", *others, element("Trade", TRADE))))).execution_id == "11"


def test_orders_count_where_there_are_no_executions() -> None:
    order = {**TRADE, "levelOfDetail": "ORDER"}
    summary = {**TRADE, "levelOfDetail": "SYMBOL_SUMMARY"}
    file = ibkr_flex.parse(report(section("Trades", element("Order", order), element("SymbolSummary", summary))))
    assert only(file).order_number == "7"


def test_summaries_alone_are_refused_by_name() -> None:
    with pytest.raises(Refused, match="summaries only"):
        ibkr_flex.parse(report(trades({**TRADE, "levelOfDetail": "SYMBOL_SUMMARY"})))


def test_details_are_joined_and_the_break_down_is_not_counted_twice() -> None:
    trade = {**TRADE, "ibCommission": "-1.000720223", "netCash": "-50001.000720223"}
    row = only(ibkr_flex.parse(report(trades(trade) + section("UnbundledCommissionDetails", element("U", DETAIL)))))
    assert [(charge.component, charge.amount) for charge in row.charges] == [
        ("commission", Decimal(-1)),
        ("taf", Decimal("-0.00013")),
        ("sec", Decimal("-0.00059")),
    ]
    assert row.commission == Decimal("-1.000720223")


def test_details_that_do_not_add_up_refuse_the_row() -> None:
    with pytest.raises(Refused, match="differ from it by -0\\.00072"):
        ibkr_flex.parse(report(trades(TRADE) + section("UnbundledCommissionDetails", element("U", DETAIL))))


def test_a_detail_of_a_trade_that_is_not_there_is_told() -> None:
    details = section("UnbundledCommissionDetails", element("U", {**DETAIL, "tradeID": "99"}))
    (refusal,) = ibkr_flex.parse(report(trades(TRADE) + details)).refusals
    assert (refusal.field, refusal.value) == ("tradeID", "99")


def test_a_cancel_has_the_side_of_the_original_and_names_it() -> None:
    cancel = {
        **TRADE,
        "tradeID": "12",
        "relatedTradeID": "11",
        "transactionType": "TradeCancel",
        "buySell": "BUY (Ca.)",
        "quantity": "-100",
        "proceeds": "50000",
        "ibCommission": "1",
        "netCash": "50001",
    }
    correction = {**TRADE, "tradeID": "13", "relatedTradeID": "11", "transactionType": "TradeCorrect"}
    original, taken_back, corrected = ibkr_flex.parse(report(trades(TRADE, cancel, correction))).rows
    assert (taken_back.side, taken_back.quantity, taken_back.value) == ("buy", Decimal(100), Decimal(50000))
    assert (original.cancels, taken_back.cancels, corrected.cancels) == (None, "11", "11")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("buySell", "HOLD"),
        ("transactionType", "Gift"),
        ("quantity", "0"),
        ("quantity", "-100"),
        ("ibCommission", "1e"),
        ("netCash", "-50002"),
        ("dateTime", "yesterday"),
        ("levelOfDetail", "ATOM"),
        ("currency", "usd"),
    ],
)
def test_what_cannot_be_is_refused_with_line_and_field(field: str, text: str) -> None:
    file = ibkr_flex.parse(report(trades(TRADE, {**TRADE, "tradeID": "12", field: text})))
    (refusal,) = file.refusals
    assert len(file.rows) == 1
    assert (refusal.line, refusal.field) == (6, field)


def test_a_commission_in_another_currency_is_a_row_of_its_own() -> None:
    forex = {**TRADE, "assetCategory": "CASH", "symbol": "GBP.AUD", "currency": "AUD", "netCash": "0"}
    trade, commission = ibkr_flex.parse(report(trades(forex))).rows
    assert (trade.currency, trade.commission, trade.instrument_key) == ("AUD", None, "GBPAUD")
    assert (commission.currency, commission.value, commission.row_class) == ("USD", Decimal(-1), "money")


def test_taxes_are_fees_beside_the_commission() -> None:
    taxed = {**TRADE, "taxes": "-15.25", "netCash": "-50016.25"}
    row = only(ibkr_flex.parse(report(trades(taxed))))
    assert (row.commission, row.fees, row.total) == (Decimal(-1), Decimal("-15.25"), Decimal("-50016.25"))


def test_an_event_is_one_row_and_tells_what_its_book_trade_is() -> None:
    option = {
        **TRADE, "assetCategory": "OPT", "symbol": "SPY   250117C00500000", "transactionType": "BookTrade",
        "buySell": "BUY", "quantity": "1", "tradePrice": "0", "proceeds": "0", "netCash": "0", "ibCommission": "0",
        "dateTime": "20250117;162000",
    }  # fmt: skip
    event = {
        "symbol": "SPY   250117C00500000", "date": "20250117", "transactionType": "Assignment", "quantity": "1",
        "currency": "USD",
    }  # fmt: skip
    events = section("OptionEAE", element("OptionEAE", event))
    row = only(ibkr_flex.parse(report(trades(option) + events)))
    assert (row.row_class, row.session_date) == ("assignment", dt.date(2025, 1, 17))
    alone = only(ibkr_flex.parse(report(events)))
    assert (alone.row_class, alone.instrument_key, alone.side) == ("assignment", "SPY   250117C00500000", None)
    with pytest.raises(Refused, match="whether it expired or was exercised"):
        ibkr_flex.parse(report(trades(option)))


def test_cash_is_counted_once_and_repairs_of_commissions_belong_to_the_account() -> None:
    refund = {
        "currency": "USD", "type": "Deposits/Withdrawals", "amount": "0.01", "dateTime": "20250326",
        "description": "ADJUSTMENT: COMMISSION", "clientReference": "Options Regulatory Fee Adjustment",
    }  # fmt: skip
    cash = [element("CashTransaction", {**refund, "levelOfDetail": level}) for level in ("SUMMARY", "DETAIL")]
    row = only(ibkr_flex.parse(report(section("CashTransactions", *cash))))
    assert (row.row_class, row.value) == ("account_adjustment", Decimal("0.01"))
    assert row.client_reference == "Options Regulatory Fee Adjustment"
    assert only(ibkr_flex.parse(report(section("CashTransactions", cash[0])))).value == Decimal("0.01")


def test_a_confirmation_beside_its_trade_is_not_another_trade() -> None:
    confirmed = {
        "execID": "0001", "tradeDate": "20250115", "tradeTime": "10:30:00", "symbol": "SPY", "assetCategory": "STK",
        "quantity": "100", "price": "500", "currency": "USD", "orderID": "7",
    }  # fmt: skip
    confirms = section("TradeConfirms", element("TradeConfirm", confirmed))
    assert only(ibkr_flex.parse(report(trades(TRADE) + confirms))).commission == Decimal(-1)
    assert only(ibkr_flex.parse(report(confirms, kind="TCF"))).occurred_at.hour == 15
    another = section("TradeConfirms", element("TradeConfirm", {**confirmed, "tradeID": "99"}))
    assert len(ibkr_flex.parse(report(trades(TRADE) + another)).rows) == 2


def test_an_execution_has_one_id_whichever_report_and_columns_show_it() -> None:
    confirmed = {
        "tradeID": "11", "execID": "0001", "dateTime": "20250115;103000", "symbol": "SPY", "assetCategory": "STK",
        "buySell": "BUY", "quantity": "100", "price": "500.00", "commission": "-1.0", "currency": "USD",
    }  # fmt: skip
    narrow = {
        name: text
        for name, text in TRADE.items()
        if name not in ("ibOrderID", "openCloseIndicator", "proceeds", "netCash")
    }
    day_only = {**narrow, "dateTime": "20250115"}
    files = [
        report(trades(TRADE)),
        report(trades(narrow)),
        report(trades(day_only)),
        report(section("TradeConfirms", element("TradeConfirm", confirmed)), kind="TCF"),
        report(trades(TRADE), trades(TRADE)),
    ]
    ids = {row_id for data in files for row_id, _ in identify_file(ibkr_flex.parse(data), "main")}
    assert len(ids) == 1


def test_statements_of_several_accounts_are_refused_without_naming_them() -> None:
    data = report(trades(TRADE), trades({**TRADE, "tradeID": "12"}))
    two = data.replace(b"U1234567", b"U7654321", 1)
    with pytest.raises(Refused, match="2 accounts") as caught:
        ibkr_flex.parse(two)
    assert "U7654321" not in str(caught.value)


@pytest.mark.parametrize(
    ("document", "named"),
    [
        (b'<!DOCTYPE a [<!ENTITY b "c">]><FlexQueryResponse>&b;</FlexQueryResponse>', "DOCTYPE"),
        (b"<!DOCTYPE FlexQueryResponse SYSTEM 'file:///etc/passwd'><FlexQueryResponse/>", "DOCTYPE"),
        (b"<FlexQueryResponse><FlexStatements>", "not well-formed"),
        (b"<FlexQueryResponse>\x00</FlexQueryResponse>", "not well-formed"),
        (b"<FlexStatementResponse><Status>Fail</Status></FlexStatementResponse>", "not a Flex report"),
    ],
)
def test_xml_that_no_broker_writes_is_refused_by_name(document: bytes, named: str) -> None:
    with pytest.raises(Refused, match=named):
        ibkr_flex.parse(document)


def test_a_billion_laughs_are_refused_before_the_first() -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    document = f'<!DOCTYPE x [<!ENTITY l0 "ha">{entities}]><FlexQueryResponse type="AF">&l11;</FlexQueryResponse>'
    with pytest.raises(Refused, match="DOCTYPE"):
        ibkr_flex.parse(document.encode())


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Trades", "TradeConfirms", "CashTransactions", "OptionEAE", "StmtFunds", "Other"]),
            st.dictionaries(
                st.sampled_from([*TRADE, "amount", "type", "date", "notes", "strike", "expiry"]),
                st.sampled_from(["", "-", "1", "-1", "abc", "20250115", "STK", "OPT", "USD", "BUY", *TRADE.values()]),
            ),
        ),
        max_size=6,
    )
)
def test_nothing_a_report_may_hold_is_lost_or_breaks_the_reader(
    content: list[tuple[str, dict[str, str]]],
) -> None:
    data = report("".join(section(name, element("Row", attributes)) for name, attributes in content))
    try:
        file = ibkr_flex.parse(data)
    except Refused:
        return
    assert all(row.raw for row in file.rows)
    assert all(refusal.reason for refusal in file.refusals)


SAMPLES: dict[str, tuple[int, dict[str, str]]] = {
    "bankroll-py__ibkr_trades.xml": (11, {"STK": "-7", "OPT": "-2.039115", "FUT": "-2.05", "FOP": "-2.47"}),
    "clifton__activity_backfill.xml": (6, {"STK": "-310"}),
    "clifton__activity_cancelled_trades.xml": (4, {"STK": "0"}),
    "clifton__activity_extended.xml": (2, {"STK": "-1"}),
    "gabbersepp__StatementOfFunds.xml": (23, {}),
    "gabbersepp__TestForCoding.xml": (15, {"FOP": "-9.68", "FUT": "-16.12", "OPT": "-5.1", "STK": "-10.410679"}),
    "vroonhof__corporate_action_2025.xml": (1, {"STK": "-3"}),
    "vroonhof__legacy_separator.xml": (0, {}),
    "vroonhof__minimal.xml": (0, {}),
    "vroonhof__options_future_2025.xml": (40, {"FOP": "-7.41", "FUT": "-2.47", "OPT": "-6.53674"}),
}
"""Rows that are not money, and commissions by category."""


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_samples_are_read_with_their_totals(name: str) -> None:
    data = shared_path("samples", "ibkr", name).read_bytes()
    file = reader_of(data).parse(data)
    rows, commissions = SAMPLES[name]
    moved = [row for row in file.rows if row.row_class not in ("money", "account_adjustment", "corporate_action")]
    assert file.refusals == ()
    assert len(moved) == rows
    for category, total in commissions.items():
        assert sum(row.commission or 0 for row in moved if row.instrument_type == category) == Decimal(total)
    for row in file.rows:
        if row.charges:
            charged = sum((charge.amount for charge in row.charges), Decimal(0))
            assert abs(charged - (row.commission or 0) - (row.fees or 0)) <= Decimal("0.00005")


def test_the_statement_of_funds_is_read_line_by_line_and_ties_with_its_balance() -> None:
    data = shared_path("samples", "ibkr", "gabbersepp__StatementOfFunds.xml").read_bytes()
    file = ibkr_flex.parse(data)
    assert len(file.rows) == 47
    balance = Decimal(0)
    for row in file.rows:
        balance += row.value + (row.commission or 0) + (row.fees or 0)
        assert abs(balance - Decimal(row.raw["balance"])) < Decimal("0.000001")
    assert sum(row.commission or 0 for row in file.rows) == sum(
        Decimal(row.raw["tradeCommission"]) for row in file.rows
    )


def test_what_the_trades_show_is_not_read_again_from_the_events() -> None:
    data = shared_path("samples", "ibkr", "vroonhof__options_future_2025.xml").read_bytes()
    file = ibkr_flex.parse(data)
    events = [row for row in file.rows if row.row_type == "OptionEAE"]
    assert [row.row_class for row in events] == ["cash_settlement"]
    assert Counter(row.row_class for row in file.rows if row.row_type == "BookTrade") == {
        "delivery": 6, "expiration": 3, "exercise": 2, "assignment": 1,
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_another_reader_finds_the_same_executions(name: str) -> None:
    ibflex = pytest.importorskip("ibflex", reason="ibflex is not installed; it only serves as a second opinion")
    path = shared_path("samples", "ibkr", name)
    other = ibflex.parser.parse(str(path))
    theirs: Counter[object] = Counter(
        (trade.symbol, trade.quantity, trade.ibCommission)
        for statement in other.FlexStatements
        for trade in statement.Trades or ()
        if getattr(trade, "levelOfDetail", None) in (None, "EXECUTION") and trade.tradePrice is not None
    )
    file = ibkr_flex.parse(path.read_bytes())
    ours: Counter[object] = Counter(
        (row.raw.get("symbol"), Decimal(row.raw["quantity"]), row.commission)
        for row in file.rows
        if "tradePrice" in row.raw and row.row_type != "StatementOfFunds"
    )
    assert theirs <= ours
