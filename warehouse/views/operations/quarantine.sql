-- marts.quarantine: what was refused, and why.
-- Grain: a refused file (line is null) or a refused row of one.
-- file         path of the file as it was read
-- line         line or record number within it, from 1; null for the whole file
-- field        field at fault, if one is
-- value        its text
-- reason       why it was refused
-- refused_at   when (UTC)
-- state        open; resolved (a later reading took it); ignored (a person decided so)
-- resolved_at  when it was resolved
-- kind         what the file was taken for; unknown where it could not be told
-- sha256       hash of the file's bytes, by which the raw store keeps them
-- quarantine_id  id of the item
SELECT
    q.path AS file,
    q.line,
    q.field,
    q.value,
    q.reason,
    q.refused_at,
    q.state,
    q.resolved_at,
    coalesce(
        (
            SELECT arg_max(f.kind, (f.path = q.path, f.last_seen_at))
            FROM ops.files AS f
            WHERE f.sha256 = q.sha256
        ),
        'unknown'
    ) AS kind,
    q.sha256,
    q.quarantine_id
FROM ops.quarantine AS q
