-- marts.dirty_days: sessions that were re-opened, and whether they have been made again.
-- Grain: a marking of a session in a domain.
-- domain        what has to be made again: reconciliation, trades, correlations
-- session_date  the New York session
-- state         waiting or done
-- reason        what changed under it
-- marked_at     when that was noticed (UTC)
-- cleared_at    when it was made again (UTC); null while it waits
SELECT
    d.domain,
    d.session_date,
    CASE WHEN d.cleared_at IS NULL THEN 'waiting' ELSE 'done' END AS state,
    d.reason,
    d.marked_at,
    d.cleared_at
FROM ops.dirty_days AS d
