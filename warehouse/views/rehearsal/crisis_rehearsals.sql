-- marts.crisis_rehearsals: what each evening's book would have lost on the days of past crises.
-- Grain: one row per book that was rehearsed.
-- rehearsal_id     the rehearsal
-- run_id, name     the run whose open positions they are
-- deployment       its deployment (null: none is configured for it)
-- book_date        the session the book belongs to
-- legs, left_out   legs that were priced, and legs that could not be; left_out_why says why (JSON by instrument key)
-- equity, currency of the account then
-- worst_look       the look with the largest loss of all (null: no leg)
-- worst_loss       that loss, account currency; a gain is negative
-- worst_share      over equity (null: equity unknown, or nothing could be priced)
-- cap              share of equity that is allowed
-- is_blocked       whether it stopped new trades
-- is_newest        the newest of its deployment, or of its run where it has none
-- parameter_set_id the set whose cap was used (null: the default)
-- code_version     of the code that worked it out
-- rehearsed_at     UTC
SELECT
    h.rehearsal_id,
    h.run_id,
    r.name,
    h.deployment,
    h.book_date,
    h.legs,
    h.left_out,
    h.left_out_why,
    CAST(h.equity AS DECIMAL(38, 6)) AS equity,
    h.currency,
    h.worst_look,
    CAST(h.worst_loss AS DECIMAL(38, 2)) AS worst_loss,
    h.worst_share,
    CAST(h.cap AS DECIMAL(18, 6)) AS cap,
    h.is_blocked,
    row_number() OVER (
        PARTITION BY coalesce(h.deployment, h.run_id) ORDER BY h.rehearsed_at DESC, h.book_date DESC, h.rehearsal_id
    ) = 1 AS is_newest,
    h.parameter_set_id,
    h.code_version,
    h.rehearsed_at
FROM records.rehearsals h
JOIN records.runs r USING (run_id)
