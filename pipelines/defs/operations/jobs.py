"""Jobs and the nightly schedule.

Holds: the nightly job, the job that re-opens days, and the schedule.
Belongs here: what runs together and when.
Never here: assets.
"""

from __future__ import annotations

import dagster as dg

RECONCILED = dg.AssetSelection.assets("fee_reconciliation", "fee_causes", "fee_breaks", "day_totals")

nightly = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    description="The whole loop for one trading day: ingest, reconcile, regimes, calibrate, publish, acknowledge, check.",
)
reopened_days = dg.define_asset_job(
    "reopened_days",
    selection=RECONCILED,
    description="Reconcile again the days that a late or corrected file changed.",
)
incoming_files = dg.define_asset_job(
    "incoming_files",
    selection=dg.AssetSelection.assets(
        "lean_runs",
        "orders",
        "order_events",
        "closed_trades",
        "equity",
        "strategy_trades",
        "statements",
        "journal_entries",
    ),
    description="Read what a sensor saw arriving.",
)

fetch = dg.define_asset_job(
    "fetch",
    selection=dg.AssetSelection.assets("fetched_statements", "statements"),
    description="Ask the brokers' web services and read what they gave.",
)

morning_fetch = dg.ScheduleDefinition(
    job=fetch,
    name="morning_fetch",
    cron_schedule="0 8 * * 2-6",
    execution_timezone="America/New_York",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="08:00 New York after every trading day: reports that were not ready at night are by then.",
)

nightly_schedule = dg.build_schedule_from_partitioned_job(
    nightly,
    name="nightly_schedule",
    hour_of_day=2,
    minute_of_hour=30,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="02:30 New York after every trading day: brokers have booked the day by then.",
)
