-- Trades in the books that algorithms left in object stores: what each believed to hold.
-- Grain: one row per version of a book and trade.
--   folder, object_key, deployment  the book
--   sha256, is_newest               the version of it, and whether it is the newest seen
--   trade                           the trade by the algorithm's name for it
--   strategy, state                 its strategy and state (null: the older form has none)
--   opened_at                       when it was opened (null: not yet)
--   legs                            the legs as the book has them: symbol ids, or objects
create or replace view marts.stored_trades as
with books as (
    select * from marts.store_documents where kind = 'book'
),
listed as (
    select books.*, each.key as name, each.value as trade
    from books, json_each(books.document, '$.trades') as each
)
select
    folder,
    object_key,
    deployment,
    sha256,
    is_newest,
    coalesce(trade ->> '$.id', name) as trade,
    trade ->> '$.strategy' as strategy,
    trade ->> '$.state' as state,
    try_cast(coalesce(trade ->> '$.opened_at', trade ->> '$.opened') as timestamptz) as opened_at,
    trade -> '$.legs' as legs
from listed
