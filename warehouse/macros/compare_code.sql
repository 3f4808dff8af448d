-- marts.compare_code(run_a, run_b): Source files of two runs side by side.
-- Grain: one row per path in either run's `code/` folder; none where LEAN kept no code.
-- path              below `code/`
-- change            added (only in b), removed (only in a), changed, same
-- sha256_a, sha256_b  hashes of the contents
-- size_a, size_b    bytes
CREATE OR REPLACE MACRO marts.compare_code(run_a, run_b) AS TABLE
SELECT
    path,
    CASE
        WHEN a.sha256 IS NULL THEN 'added'
        WHEN b.sha256 IS NULL THEN 'removed'
        WHEN a.sha256 = b.sha256 THEN 'same'
        ELSE 'changed'
    END AS change,
    a.sha256 AS sha256_a,
    b.sha256 AS sha256_b,
    a.size AS size_a,
    b.size AS size_b
FROM (SELECT path, sha256, size FROM marts.run_code WHERE run_id = run_a) a
FULL JOIN (SELECT path, sha256, size FROM marts.run_code WHERE run_id = run_b) b USING (path)
ORDER BY path
