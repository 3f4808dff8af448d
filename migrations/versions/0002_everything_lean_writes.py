"""Everything lean writes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CHANGES_ROWS_OF: tuple[str, ...] = ()
"""Tables ("schema.table") whose number of rows this migration changes on purpose."""


def upgrade() -> None:
    """Bring the schema forward."""
    _create_table_records_analysis_findings()
    _create_table_records_broker_day_fees()
    _create_table_records_chart_points()
    _create_table_records_chart_series()
    _create_table_records_corporate_actions()
    _create_table_records_data_monitor_reports()
    _create_table_records_data_requests()
    _create_table_records_fee_quote_charges()
    _create_table_records_fee_quotes()
    _create_table_records_insights()
    _create_table_records_instrument_descriptions()
    _create_table_records_instrument_symbols()
    _create_table_records_launch_settings()
    _create_table_records_optimization_backtests()
    _create_table_records_optimization_files()
    _create_table_records_optimizations()
    _create_table_records_rolling_statistics()
    _create_table_records_run_code()
    _create_table_records_run_folders()
    _create_table_records_run_readings()
    _create_table_records_source_files()
    _create_table_records_starting_cash()
    _create_table_records_starting_holdings()
    _create_table_records_statement_charges()
    _create_table_records_symbol_properties()
    _add_column_records_orders()
    _add_column_records_orders_2()
    _add_column_records_orders_3()
    _add_column_records_orders_4()
    _add_column_records_orders_5()
    _add_column_records_run_messages()
    _add_column_records_runs()
    _add_column_records_statement_rows()
    _add_column_records_statement_rows_2()
    _add_column_records_statement_rows_3()
    _add_column_records_statement_rows_4()


def _create_table_records_analysis_findings() -> None:
    op.create_table(
        "analysis_findings",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column("occurrences", sa.BigInteger(), nullable=True),
        sa.Column("sample_json", sa.Text(), nullable=True),
        sa.Column("solutions_json", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "position"),
        schema="records",
    )


def _create_table_records_broker_day_fees() -> None:
    op.create_table(
        "broker_day_fees",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("session_date", sa.Date(), nullable=False),
        sa.Column("broker", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("learnt_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", "session_date"),
        schema="records",
    )


def _create_table_records_chart_points() -> None:
    op.create_table(
        "chart_points",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("chart", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("x", sa.Double(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("sampled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("open", sa.Double(), nullable=True),
        sa.Column("high", sa.Double(), nullable=True),
        sa.Column("low", sa.Double(), nullable=True),
        sa.Column("close", sa.Double(), nullable=True),
        sa.Column("z", sa.Double(), nullable=True),
        sa.Column("tooltip", sa.Text(), nullable=True),
        sa.Column("sampling", sa.Text(), nullable=False),
        sa.Column("as_of", sa.TIMESTAMP(timezone=True), nullable=True),
        schema="records",
    )


def _create_table_records_chart_series() -> None:
    op.create_table(
        "chart_series",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("chart", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("chart_type", sa.Text(), nullable=True),
        sa.Column("series_type", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("series_index", sa.BigInteger(), nullable=True),
        sa.Column("index_name", sa.Text(), nullable=True),
        sa.Column("symbol", sa.Text(), nullable=True),
        sa.Column("color", sa.Text(), nullable=True),
        sa.Column("marker", sa.Text(), nullable=True),
        sa.Column("tooltip", sa.Text(), nullable=True),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "chart", "series"),
        schema="records",
    )


def _create_table_records_corporate_actions() -> None:
    op.create_table(
        "corporate_actions",
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("session_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("reference_price", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("learnt_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('dividend', 'split')"),
        sa.PrimaryKeyConstraint("symbol", "session_date", "kind"),
        schema="records",
    )


def _create_table_records_data_monitor_reports() -> None:
    op.create_table(
        "data_monitor_reports",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=True),
        sa.Column("succeeded", sa.BigInteger(), nullable=True),
        sa.Column("failed", sa.BigInteger(), nullable=True),
        sa.Column("failed_percentage", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("universe_requests", sa.BigInteger(), nullable=True),
        sa.Column("universe_succeeded", sa.BigInteger(), nullable=True),
        sa.Column("universe_failed", sa.BigInteger(), nullable=True),
        sa.Column("universe_failed_percentage", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("rates_json", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "file_name"),
        schema="records",
    )


def _create_table_records_data_requests() -> None:
    op.create_table(
        "data_requests",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        schema="records",
    )


def _create_table_records_fee_quote_charges() -> None:
    op.create_table(
        "fee_quote_charges",
        sa.Column("quote_id", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("amount_text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("quote_id", "position"),
        schema="records",
    )


def _create_table_records_fee_quotes() -> None:
    op.create_table(
        "fee_quotes",
        sa.Column("quote_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("broker", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("legs", sa.Text(), nullable=False),
        sa.Column("limit_price", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("total", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("learnt_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("quote_id"),
        schema="records",
    )


def _create_table_records_insights() -> None:
    op.create_table(
        "insights",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("insight_id", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=True),
        sa.Column("source_model", sa.Text(), nullable=True),
        sa.Column("generated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("close_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("symbol_id", sa.Text(), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=True),
        sa.Column("insight_type", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("period_seconds", sa.Double(), nullable=True),
        sa.Column("magnitude", sa.Double(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("weight", sa.Double(), nullable=True),
        sa.Column("reference_value", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("reference_value_final", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("score_is_final", sa.Boolean(), nullable=True),
        sa.Column("score_magnitude", sa.Double(), nullable=True),
        sa.Column("score_direction", sa.Double(), nullable=True),
        sa.Column("estimated_value", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("tag", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "insight_id"),
        schema="records",
    )


def _create_table_records_instrument_descriptions() -> None:
    op.create_table(
        "instrument_descriptions",
        sa.Column("description_id", sa.Text(), nullable=False),
        sa.Column("instrument_key", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("lean_symbol_id", sa.Text(), nullable=True),
        sa.Column("security_type", sa.Text(), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("underlying", sa.Text(), nullable=True),
        sa.Column("root", sa.Text(), nullable=True),
        sa.Column("expiry", sa.Date(), nullable=True),
        sa.Column("call_put", sa.Text(), nullable=True),
        sa.Column("strike", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("style", sa.Text(), nullable=True),
        sa.Column("multiplier", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("learnt_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("description_id"),
        schema="records",
    )


def _create_table_records_instrument_symbols() -> None:
    op.create_table(
        "instrument_symbols",
        sa.Column("instrument_key", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("learnt_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("instrument_key", "source", "symbol"),
        schema="records",
    )


def _create_table_records_launch_settings() -> None:
    op.create_table(
        "launch_settings",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "name"),
        schema="records",
    )


def _create_table_records_optimization_backtests() -> None:
    op.create_table(
        "optimization_backtests",
        sa.Column("optimization_id", sa.Text(), nullable=False),
        sa.Column("algorithm_id", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("launched_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("parameters_json", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("optimization_id", "algorithm_id"),
        schema="records",
    )


def _create_table_records_optimization_files() -> None:
    op.create_table(
        "optimization_files",
        sa.Column("optimization_id", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("learnt_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("optimization_id", "file_name", "sha256"),
        schema="records",
    )


def _create_table_records_optimizations() -> None:
    op.create_table(
        "optimizations",
        sa.Column("optimization_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=True),
        sa.Column("target_metric", sa.Text(), nullable=True),
        sa.Column("target_extremum", sa.Text(), nullable=True),
        sa.Column("constraints_json", sa.Text(), nullable=False),
        sa.Column("space_json", sa.Text(), nullable=False),
        sa.Column("backtests", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("winner_algorithm_id", sa.Text(), nullable=True),
        sa.Column("winner_parameters_json", sa.Text(), nullable=True),
        sa.Column("winner_value_text", sa.Text(), nullable=True),
        sa.Column("winner_value", sa.Double(), nullable=True),
        sa.Column("newest_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("learnt_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("status in ('completed', 'failed', 'running')"),
        sa.PrimaryKeyConstraint("optimization_id"),
        schema="records",
    )


def _create_table_records_rolling_statistics() -> None:
    op.create_table(
        "rolling_statistics",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("months", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value_text", sa.Text(), nullable=False),
        sa.Column("value_number", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "months", "ends_on", "section", "name"),
        schema="records",
    )


def _create_table_records_run_code() -> None:
    op.create_table(
        "run_code",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "path"),
        schema="records",
    )


def _create_table_records_run_folders() -> None:
    op.create_table(
        "run_folders",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("learnt_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "folder"),
        schema="records",
    )


def _create_table_records_run_readings() -> None:
    op.create_table(
        "run_readings",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("reading_id", sa.Text(), nullable=False),
        sa.Column("files_json", sa.Text(), nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.Column("newest_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("orders", sa.BigInteger(), nullable=True),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("unread", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("parser_version", sa.Text(), nullable=False),
        sa.Column("learnt_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("read_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "reading_id"),
        schema="records",
    )


def _create_table_records_source_files() -> None:
    op.create_table(
        "source_files",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("learnt_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
        schema="records",
    )


def _create_table_records_starting_cash() -> None:
    op.create_table(
        "starting_cash",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "currency"),
        schema="records",
    )


def _create_table_records_starting_holdings() -> None:
    op.create_table(
        "starting_holdings",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("average_price", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("price", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("source_text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "symbol"),
        schema="records",
    )


def _create_table_records_statement_charges() -> None:
    op.create_table(
        "statement_charges",
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("amount_text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", "position"),
        schema="records",
    )


def _create_table_records_symbol_properties() -> None:
    op.create_table(
        "symbol_properties",
        sa.Column("market", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("security_type", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("quote_currency", sa.Text(), nullable=False),
        sa.Column("multiplier", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("strike_multiplier", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("minimum_price_variation", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("lot_size", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("learnt_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("market", "symbol", "security_type"),
        schema="records",
    )


def _add_column_records_orders() -> None:
    op.add_column("orders", sa.Column("stop_triggered", sa.Boolean(), nullable=True), schema="records")


def _add_column_records_orders_2() -> None:
    op.add_column("orders", sa.Column("trigger_touched", sa.Boolean(), nullable=True), schema="records")


def _add_column_records_orders_3() -> None:
    op.add_column("orders", sa.Column("contingent_id", sa.BigInteger(), nullable=True), schema="records")


def _add_column_records_orders_4() -> None:
    op.add_column("orders", sa.Column("properties", sa.Text(), nullable=True), schema="records")


def _add_column_records_orders_5() -> None:
    op.add_column("orders", sa.Column("group_order_ids", sa.Text(), nullable=True), schema="records")


def _add_column_records_run_messages() -> None:
    op.add_column("run_messages", sa.Column("stamped_at", sa.TIMESTAMP(timezone=True), nullable=True), schema="records")


def _add_column_records_runs() -> None:
    op.add_column("runs", sa.Column("code_hash", sa.Text(), nullable=True), schema="records")


def _add_column_records_statement_rows() -> None:
    op.add_column("statement_rows", sa.Column("execution_id", sa.Text(), nullable=True), schema="records")


def _add_column_records_statement_rows_2() -> None:
    op.add_column("statement_rows", sa.Column("client_reference", sa.Text(), nullable=True), schema="records")


def _add_column_records_statement_rows_3() -> None:
    op.add_column("statement_rows", sa.Column("cancels", sa.Text(), nullable=True), schema="records")


def _add_column_records_statement_rows_4() -> None:
    op.add_column("statement_rows", sa.Column("has_time", sa.Boolean(), nullable=True), schema="records")
