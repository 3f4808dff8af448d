"""The sensor over sets in force.

Holds: what asks for the rollback of a set that broke a limit, within a minute of the evidence.
Belongs here: cursor and request.
Never here: figures and limits (`marts.breach_watch`), the rollback (`pipelines.steps.parameters.breaches`).
"""

import hashlib
from collections.abc import Iterator

import dagster as dg

from pipelines.defs.deployment.jobs import watch_sets
from pipelines.defs.operations.sensors import INTERVAL
from pipelines.defs.resources import WarehouseResource
from pipelines.steps.parameters.breaches import limit_rows

LIMITS = "select rule_id, about, limit_value, is_watched from ops.breach_limits"
BROKEN = "select publication, rule_id from marts.breach_watch where is_broken order by all"


@dg.sensor(job=watch_sets, minimum_interval_seconds=INTERVAL, default_status=dg.DefaultSensorStatus.RUNNING)
def breach_sensor(
    context: dg.SensorEvaluationContext, warehouse: WarehouseResource
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for a run when a set in force broke a limit (once for each publication and rules), or the limits changed."""
    wanted = {tuple(row.values()) for row in limit_rows(warehouse.settings().rollback)}
    published = warehouse.warehouse().published_path
    seen = _digest(published.stat().st_mtime_ns if published.exists() else 0, sorted(wanted))
    if seen == context.cursor:
        yield dg.SkipReason("nothing new was read")
        return
    with warehouse.warehouse().reader() as connection:
        limits = set(connection.execute(LIMITS).fetchall())
        broken = connection.execute(BROKEN).fetchall()
    context.update_cursor(seen)
    if limits != wanted:
        yield dg.RunRequest(run_key=_digest(sorted(limits), sorted(wanted)))
    elif broken:
        yield dg.RunRequest(run_key=_digest(broken))
    else:
        yield dg.SkipReason("no set in force broke a limit")


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
