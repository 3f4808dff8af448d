-- marts.checks: the newest result of every data check.
-- Grain: a check.
-- check_name     name, the same as in the Dagster UI
-- asset          what it examines
-- severity       warn (suspicious, blocks nothing) or error (money or identity that does not hold)
-- passed         whether it found nothing
-- failures       rows at fault
-- failing_since  since when it has failed without a break (UTC); null while it passes
-- checked_at     when it last ran (UTC)
-- expected       what should hold, in words
-- detail         JSON: expected, columns, a sample of the rows at fault
SELECT
    c.check_name,
    c.asset,
    c.severity,
    c.passed,
    c.failures,
    c.failing_since,
    c.checked_at,
    json_extract_string(c.detail, '$.expected') AS expected,
    c.detail
FROM ops.checks AS c
