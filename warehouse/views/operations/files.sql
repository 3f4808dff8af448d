-- marts.files: the ledger of everything that was read.
-- Grain: a file's bytes under one path.
-- path            where it was read
-- kind            what it was taken for
-- outcome         ingested, partial (some rows in quarantine), refused, superseded (newer bytes came), unchanged
-- message         what the reader has to say about it
-- run_id          LEAN run it belongs to, if any
-- account         account alias it belongs to, if any
-- refusals_open   items of these bytes that wait in quarantine
-- size            bytes
-- sha256          hash of the bytes, by which the raw store keeps them
-- parser_version  version of the parser that read it
-- first_seen_at, last_seen_at  when (UTC; the latter to the day while nothing changes)
SELECT
    f.path,
    f.kind,
    f.outcome,
    f.message,
    f.run_id,
    f.account,
    (
        SELECT count(*)
        FROM ops.quarantine AS q
        WHERE q.state = 'open' AND q.sha256 = f.sha256
    ) AS refusals_open,
    f.size,
    f.sha256,
    f.parser_version,
    f.first_seen_at,
    f.last_seen_at
FROM ops.files AS f
