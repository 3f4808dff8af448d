-- marts.run_code: Source files that runs were started from.
-- Grain: one row per run and file.
-- run_id, name   the run
-- path           below its `code/` folder
-- sha256, size   of its bytes; equal hash, equal file
-- language       python, csharp, notebook, …
-- source         its text; null where it is no text
SELECT
    c.run_id,
    r.name,
    c.path,
    c.sha256,
    f.size,
    f.language,
    f.text AS source
FROM records.run_code c
JOIN records.runs r USING (run_id)
LEFT JOIN records.source_files f USING (sha256)
