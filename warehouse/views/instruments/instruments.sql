-- marts.instruments: everything that runs and statements traded, under the one key they share.
-- Grain: one row per instrument.
-- instrument_key   what every other view joins on
-- security_type    equity, option, index_option, future, future_option, crypto, crypto_future, forex, cfd, index, base
-- underlying       key of the underlying
-- root             root of the option or product of the future; SPX and SPXW are two roots of one index
-- expiry, call_put, strike  of the contract; strike as its symbol states it (NQX: a fifth of the points)
-- style            american or european
-- multiplier       units per contract, per unit of LEAN's price; null where unknown
-- lean_symbol, lean_symbol_id  LEAN's text, and its identifier (first ticker of a company, for shares)
-- occ, tastytrade, ibkr, schwab, thinkorswim, tdameritrade  the name there; null where none is certain
-- first_seen, last_seen  first and last event or statement row (UTC)
-- runs             runs with an order or event of it
-- statement_rows   rows of statements about it
-- sources          who described it
-- conflicts        what sources say differently, null where they agree; the first named is the one that counts
WITH said AS (
    UNPIVOT (
        SELECT
            instrument_key,
            source,
            description_id,
            security_type,
            -- LEAN has the root of the standard series, brokers the series itself: no contradiction.
            CASE WHEN security_type = 'future_option' AND source = 'lean' THEN NULL ELSE root END AS root,
            replace(underlying, '.', '') AS underlying,
            CAST(expiry AS VARCHAR) AS expiry,
            call_put,
            CAST(CAST(strike AS DECIMAL(38, 6)) AS VARCHAR) AS strike,
            style,
            CAST(CAST(multiplier AS DECIMAL(38, 6)) AS VARCHAR) AS multiplier
        FROM records.instrument_descriptions
    )
    ON security_type, root, underlying, expiry, call_put, strike, style, multiplier
    INTO NAME part VALUE content
),
contents AS (
    SELECT
        instrument_key,
        part,
        content,
        string_agg(DISTINCT source, '+' ORDER BY source) AS sources,
        min(((part = 'root') = (source = 'lean'), description_id)) AS rank
    FROM said
    GROUP BY instrument_key, part, content
),
parts AS (
    SELECT
        instrument_key,
        part || ': ' || string_agg(content || ' (' || sources || ')', ', ' ORDER BY rank) AS conflict
    FROM contents
    GROUP BY instrument_key, part
    HAVING count(*) > 1
),
conflicts AS (
    SELECT instrument_key, string_agg(conflict, '; ' ORDER BY conflict) AS conflicts
    FROM parts
    GROUP BY instrument_key
),
sources AS (
    SELECT instrument_key, string_agg(DISTINCT source, ', ' ORDER BY source) AS sources
    FROM records.instrument_descriptions
    GROUP BY instrument_key
),
names AS (
    SELECT
        instrument_key,
        min(symbol) FILTER (WHERE source = 'lean') AS lean_symbol,
        min(symbol) FILTER (WHERE source = 'lean_id') AS lean_symbol_id,
        min(symbol) FILTER (WHERE source = 'occ') AS occ,
        min(symbol) FILTER (WHERE source = 'tastytrade') AS tastytrade,
        min(symbol) FILTER (WHERE source = 'ibkr') AS ibkr,
        min(symbol) FILTER (WHERE source = 'schwab') AS schwab,
        min(symbol) FILTER (WHERE source = 'thinkorswim') AS thinkorswim,
        min(symbol) FILTER (WHERE source = 'tdameritrade') AS tdameritrade
    FROM records.instrument_symbols
    GROUP BY instrument_key
),
traded AS (
    SELECT instrument_key, run_id, occurred_at FROM records.order_events
    UNION ALL
    SELECT instrument_key, run_id, created_at FROM records.orders
),
in_runs AS (
    SELECT
        instrument_key,
        count(DISTINCT run_id) AS runs,
        min(occurred_at) AS first_at,
        max(occurred_at) AS last_at
    FROM traded
    GROUP BY instrument_key
),
in_statements AS (
    SELECT
        instrument_key,
        count(*) AS statement_rows,
        min(occurred_at) AS first_at,
        max(occurred_at) AS last_at
    FROM records.statement_rows
    WHERE instrument_key IS NOT NULL
    GROUP BY instrument_key
)
SELECT
    i.instrument_key,
    i.security_type,
    i.underlying,
    i.root,
    i.expiry,
    i.call_put,
    CAST(i.strike AS DECIMAL(38, 6)) AS strike,
    i.style,
    CAST(i.multiplier AS DECIMAL(38, 6)) AS multiplier,
    n.lean_symbol,
    coalesce(i.lean_symbol_id, n.lean_symbol_id) AS lean_symbol_id,
    n.occ,
    n.tastytrade,
    n.ibkr,
    n.schwab,
    n.thinkorswim,
    n.tdameritrade,
    least(r.first_at, s.first_at) AS first_seen,
    greatest(r.last_at, s.last_at) AS last_seen,
    coalesce(r.runs, 0) AS runs,
    coalesce(s.statement_rows, 0) AS statement_rows,
    o.sources,
    c.conflicts
FROM records.instruments AS i
LEFT JOIN names AS n USING (instrument_key)
LEFT JOIN in_runs AS r USING (instrument_key)
LEFT JOIN in_statements AS s USING (instrument_key)
LEFT JOIN sources AS o USING (instrument_key)
LEFT JOIN conflicts AS c USING (instrument_key)
