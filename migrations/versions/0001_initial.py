"""Initial."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

CHANGES_ROWS_OF: tuple[str, ...] = ()
"""Tables ("schema.table") whose number of rows this migration changes on purpose."""


def upgrade() -> None:
    """Bring the schema forward."""
    _create_table_ops_alerts()
    _create_table_ops_builds()
    _create_table_ops_checks()
    _create_table_ops_dirty_days()
    _create_table_ops_files()
    _create_table_ops_jobs()
    _create_table_ops_quarantine()
    _create_table_records_break_actions()
    _create_table_records_cash()
    _create_table_records_closed_trades()
    _create_table_records_daily_prices()
    _create_table_records_equity()
    _create_table_records_fee_rate_proposals()
    _create_table_records_holdings()
    _create_table_records_instruments()
    _create_table_records_journal_entries()
    _create_table_records_order_events()
    _create_table_records_orders()
    _create_table_records_parameter_events()
    _create_table_records_parameter_sets()
    _create_table_records_profit_loss()
    _create_table_records_regime_days()
    _create_table_records_regime_revisions()
    _create_table_records_run_accounts()
    _create_table_records_run_fees()
    _create_table_records_run_files()
    _create_table_records_run_messages()
    _create_table_records_run_parameters()
    _create_table_records_run_statistics()
    _create_table_records_runs()
    _create_table_records_statement_row_sources()
    _create_table_records_statement_rows()
    _create_table_records_statements()


def _create_table_ops_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id"),
        schema="ops",
    )


def _create_table_ops_builds() -> None:
    op.create_table(
        "builds",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("built_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        schema="ops",
    )


def _create_table_ops_checks() -> None:
    op.create_table(
        "checks",
        sa.Column("check_name", sa.Text(), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("failing_since", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("severity in ('warn', 'error')"),
        sa.PrimaryKeyConstraint("check_name"),
        schema="ops",
    )


def _create_table_ops_dirty_days() -> None:
    op.create_table(
        "dirty_days",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("session_date", sa.Date(), nullable=False),
        sa.Column("marked_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("cleared_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("domain", "session_date", "marked_at"),
        schema="ops",
    )


def _create_table_ops_files() -> None:
    op.create_table(
        "files",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("parser_version", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("first_seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("outcome in ('ingested', 'partial', 'refused', 'superseded', 'unchanged')"),
        sa.PrimaryKeyConstraint("sha256", "path"),
        schema="ops",
    )


def _create_table_ops_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("started_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.CheckConstraint("outcome in ('running', 'succeeded', 'failed', 'interrupted')"),
        sa.PrimaryKeyConstraint("job_id"),
        schema="ops",
    )


def _create_table_ops_quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("quarantine_id", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("line", sa.BigInteger(), nullable=True),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("refused_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("resolved_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('open', 'resolved', 'ignored')"),
        sa.PrimaryKeyConstraint("quarantine_id"),
        schema="ops",
    )


def _create_table_records_break_actions() -> None:
    op.create_table(
        "break_actions",
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("break_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("acted_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("action in ('assign', 'note', 'resolve', 'reopen')"),
        sa.PrimaryKeyConstraint("action_id"),
        schema="records",
    )


def _create_table_records_cash() -> None:
    op.create_table(
        "cash",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("conversion_rate", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("value_in_account_currency", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "currency"),
        schema="records",
    )


def _create_table_records_closed_trades() -> None:
    op.create_table(
        "closed_trades",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source_file", sa.Text(), nullable=False),
        sa.Column("symbol_id", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("entry_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("exit_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("entry_price", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("exit_price", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("profit_loss", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("total_fees", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("total_fees_text", sa.Text(), nullable=False),
        sa.Column("mae", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("mfe", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("end_trade_drawdown", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("is_win", sa.Boolean(), nullable=True),
        sa.Column("duration_seconds", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("order_ids", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "position", "source_file"),
        schema="records",
    )


def _create_table_records_daily_prices() -> None:
    op.create_table(
        "daily_prices",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("session_date", sa.Date(), nullable=False),
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("open", sa.Double(), nullable=True),
        sa.Column("high", sa.Double(), nullable=True),
        sa.Column("low", sa.Double(), nullable=True),
        sa.Column("close", sa.Double(), nullable=True),
        sa.Column("adjusted_close", sa.Double(), nullable=True),
        sa.Column("volume", sa.Double(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("known_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("close is not null or adjusted_close is not null"),
        sa.PrimaryKeyConstraint("source", "symbol", "session_date", "revision"),
        schema="records",
    )


def _create_table_records_equity() -> None:
    op.create_table(
        "equity",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("sampled_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("open_equity", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("high_equity", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("low_equity", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("close_equity", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "sampled_at", "position"),
        schema="records",
    )


def _create_table_records_fee_rate_proposals() -> None:
    op.create_table(
        "fee_rate_proposals",
        sa.Column("proposal_id", sa.Text(), nullable=False),
        sa.Column("broker", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("interval_low", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("interval_high", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("replaces_amount", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("fills", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("state in ('proposed', 'accepted', 'rejected')"),
        sa.PrimaryKeyConstraint("proposal_id"),
        schema="records",
    )


def _create_table_records_holdings() -> None:
    op.create_table(
        "holdings",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("symbol_id", sa.Text(), nullable=False),
        sa.Column("instrument_key", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("average_price", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("price", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("market_value", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("unrealized", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("currency_symbol", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "symbol_id"),
        schema="records",
    )


def _create_table_records_instruments() -> None:
    op.create_table(
        "instruments",
        sa.Column("instrument_key", sa.Text(), nullable=False),
        sa.Column("security_type", sa.Text(), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("underlying", sa.Text(), nullable=True),
        sa.Column("root", sa.Text(), nullable=True),
        sa.Column("expiry", sa.Date(), nullable=True),
        sa.Column("call_put", sa.Text(), nullable=True),
        sa.Column("strike", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("style", sa.Text(), nullable=True),
        sa.Column("multiplier", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("lean_symbol_id", sa.Text(), nullable=True),
        sa.Column("learnt_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("instrument_key"),
        schema="records",
    )


def _create_table_records_journal_entries() -> None:
    op.create_table(
        "journal_entries",
        sa.Column("journal_key", sa.Text(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("deployment", sa.Text(), nullable=True),
        sa.Column("run_key", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("learnt_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("journal_key", "segment", "line"),
        schema="records",
    )


def _create_table_records_order_events() -> None:
    op.create_table(
        "order_events",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_key", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("session_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("symbol_id", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("instrument_key", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("fill_quantity", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("fill_quantity_text", sa.Text(), nullable=False),
        sa.Column("fill_price", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("fill_price_text", sa.Text(), nullable=False),
        sa.Column("fill_price_currency", sa.Text(), nullable=True),
        sa.Column("fee_amount", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("fee_text", sa.Text(), nullable=True),
        sa.Column("fee_currency", sa.Text(), nullable=True),
        sa.Column("limit_price", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("stop_price", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("is_assignment", sa.Boolean(), nullable=False),
        sa.Column("is_in_the_money", sa.Boolean(), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "order_id", "event_id"),
        schema="records",
    )


def _create_table_records_orders() -> None:
    op.create_table(
        "orders",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=True),
        sa.Column("group_quantity", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("group_limit_price", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("group_size", sa.BigInteger(), nullable=True),
        sa.Column("group_direction", sa.Text(), nullable=True),
        sa.Column("order_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("symbol_id", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("instrument_key", sa.Text(), nullable=False),
        sa.Column("security_type", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("quantity_text", sa.Text(), nullable=False),
        sa.Column("price", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("price_text", sa.Text(), nullable=False),
        sa.Column("price_currency", sa.Text(), nullable=True),
        sa.Column("limit_price", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("stop_price", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("trigger_price", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("trailing_amount", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("trailing_as_percentage", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_fill_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_update_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("canceled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("time_in_force", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("tag", sa.Text(), nullable=True),
        sa.Column("broker_ids", sa.Text(), nullable=False),
        sa.Column("value", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("submission_bid", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("submission_ask", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("submission_last", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("is_marketable", sa.Boolean(), nullable=True),
        sa.Column("price_adjustment_mode", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "order_id"),
        schema="records",
    )


def _create_table_records_parameter_events() -> None:
    op.create_table(
        "parameter_events",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("happened_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("in_force_from", sa.Date(), nullable=True),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state in ('proposed', 'approved', 'refused', 'published', 'acknowledged', 'superseded', 'rolled_back')"
        ),
        sa.PrimaryKeyConstraint("event_id"),
        schema="records",
    )


def _create_table_records_parameter_sets() -> None:
    op.create_table(
        "parameter_sets",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("parameter_set_id", sa.Text(), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("schema_version", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("data_through", sa.Date(), nullable=True),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
        schema="records",
    )


def _create_table_records_profit_loss() -> None:
    op.create_table(
        "profit_loss",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("booked_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "booked_at", "position"),
        schema="records",
    )


def _create_table_records_regime_days() -> None:
    op.create_table(
        "regime_days",
        sa.Column("universe", sa.Text(), nullable=False),
        sa.Column("settings_id", sa.Text(), nullable=False),
        sa.Column("session_date", sa.Date(), nullable=False),
        sa.Column("regime", sa.Text(), nullable=False),
        sa.Column("danger", sa.BigInteger(), nullable=False),
        sa.Column("diversification", sa.BigInteger(), nullable=True),
        sa.Column("semi_volatility", sa.Double(), nullable=True),
        sa.Column("mean_correlation", sa.Double(), nullable=True),
        sa.Column("correlation_forecast", sa.Double(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("score_lost_to_concentration", sa.Double(), nullable=True),
        sa.Column("score_lost_to_correlation", sa.Double(), nullable=True),
        sa.Column("thresholds", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("members", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("regime in ('Normal', 'Stressed', 'Crisis')"),
        sa.PrimaryKeyConstraint("universe", "settings_id", "session_date"),
        schema="records",
    )


def _create_table_records_regime_revisions() -> None:
    op.create_table(
        "regime_revisions",
        sa.Column("universe", sa.Text(), nullable=False),
        sa.Column("settings_id", sa.Text(), nullable=False),
        sa.Column("session_date", sa.Date(), nullable=False),
        sa.Column("known_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("regime", sa.Text(), nullable=False),
        sa.Column("danger", sa.BigInteger(), nullable=False),
        sa.Column("diversification", sa.BigInteger(), nullable=True),
        sa.Column("mean_correlation", sa.Double(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("universe", "settings_id", "session_date", "known_at"),
        schema="records",
    )


def _create_table_records_run_accounts() -> None:
    op.create_table(
        "run_accounts",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("learnt_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("relation in ('live', 'rehearsal')"),
        sa.PrimaryKeyConstraint("run_id", "account"),
        schema="records",
    )


def _create_table_records_run_fees() -> None:
    op.create_table(
        "run_fees",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("fee_text", sa.Text(), nullable=False),
        sa.Column("fee_amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("events_with_fee", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "currency"),
        schema="records",
    )


def _create_table_records_run_files() -> None:
    op.create_table(
        "run_files",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("learnt_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "file_name", "sha256"),
        schema="records",
    )


def _create_table_records_run_messages() -> None:
    op.create_table(
        "run_messages",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stamp_text", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "source", "line"),
        schema="records",
    )


def _create_table_records_run_parameters() -> None:
    op.create_table(
        "run_parameters",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "name"),
        schema="records",
    )


def _create_table_records_run_statistics() -> None:
    op.create_table(
        "run_statistics",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value_text", sa.Text(), nullable=False),
        sa.Column("value_number", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "section", "name"),
        schema="records",
    )


def _create_table_records_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("algorithm_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.Column("account_currency", sa.Text(), nullable=True),
        sa.Column("brokerage_model", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("optimization_id", sa.Text(), nullable=True),
        sa.Column("started_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("newest_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("period_start", sa.Date(), nullable=True),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column("start_equity", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("end_equity", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("orders_claimed", sa.BigInteger(), nullable=True),
        sa.Column("insights", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("stack_trace", sa.Text(), nullable=True),
        sa.Column("lean_version", sa.Text(), nullable=True),
        sa.Column("journal_key", sa.Text(), nullable=True),
        sa.Column("source_path", sa.Text(), nullable=False),
        sa.Column("main_sha256", sa.Text(), nullable=False),
        sa.Column("parser_version", sa.Text(), nullable=False),
        sa.Column("learnt_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("mode in ('backtest', 'paper', 'live', 'optimization')"),
        sa.CheckConstraint("state in ('completed', 'running', 'stopped', 'killed', 'runtime_error')"),
        sa.PrimaryKeyConstraint("run_id"),
        schema="records",
    )


def _create_table_records_statement_row_sources() -> None:
    op.create_table(
        "statement_row_sources",
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("row_id", "sha256", "line"),
        schema="records",
    )


def _create_table_records_statement_rows() -> None:
    op.create_table(
        "statement_rows",
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("broker", sa.Text(), nullable=False),
        sa.Column("occurrence", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("occurred_text", sa.Text(), nullable=False),
        sa.Column("session_date", sa.Date(), nullable=False),
        sa.Column("row_class", sa.Text(), nullable=False),
        sa.Column("row_type", sa.Text(), nullable=False),
        sa.Column("sub_type", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("side", sa.Text(), nullable=True),
        sa.Column("effect", sa.Text(), nullable=True),
        sa.Column("symbol", sa.Text(), nullable=True),
        sa.Column("instrument_key", sa.Text(), nullable=True),
        sa.Column("instrument_type", sa.Text(), nullable=True),
        sa.Column("underlying", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("price", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("price_exact", sa.Boolean(), nullable=True),
        sa.Column("multiplier", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("value", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("commission", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("fees", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("total", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=True),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("superseded_by", sa.Text(), nullable=True),
        sa.Column("superseded_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("learnt_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("row_id"),
        schema="records",
    )


def _create_table_records_statements() -> None:
    op.create_table(
        "statements",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("broker", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("new_rows", sa.BigInteger(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("parser_version", sa.Text(), nullable=False),
        sa.Column("learnt_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "account"),
        schema="records",
    )
