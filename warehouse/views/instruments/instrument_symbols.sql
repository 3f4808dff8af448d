-- marts.instrument_symbols: every name of every instrument, to find one by whatever text is at hand.
-- Grain: a name of an instrument in one notation.
-- symbol          the name
-- source          lean, lean_id, occ, tastytrade, tastytrade_stream, ibkr, ibkr_description, schwab, schwab_export,
--                 thinkorswim, tdameritrade
-- instrument_key  the key of every other view; a share that changed its ticker has a key per ticker and one lean_id
-- security_type   equity, option, index_option, future, future_option, crypto, forex, index, ...
SELECT
    s.symbol,
    s.source,
    s.instrument_key,
    i.security_type
FROM records.instrument_symbols AS s
JOIN records.instruments AS i USING (instrument_key)
