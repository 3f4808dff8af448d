-- Documents that lay in an object store: parameter sets, their history, the book of open trades, in every version seen.
-- Grain: one row per object store, key and version.
--   folder, object_key   the object store and the key in it
--   kind                 parameter_set, parameter_history, book, state
--   deployment           the deployment it belongs to (null: the older layout names none)
--   document_id          the id it calls itself by (null: it has none)
--   is_newest            whether it is what lay there when it was last looked at
--   trades               of a book, how many trades it holds
--   document             the JSON
--   sha256               hash of its exact bytes, which a journal names for the set it applied
--   learnt_at, read_at   when it was first found there, and last after another version
create or replace view marts.store_documents as
select
    folder,
    object_key,
    kind,
    deployment,
    document_id,
    row_number() over (partition by folder, object_key order by read_at desc, sha256) = 1 as is_newest,
    case
        when kind = 'book' then
            case json_type(document, '$.trades')
                when 'ARRAY' then json_array_length(document, '$.trades')
                when 'OBJECT' then len(json_keys(document, '$.trades'))
            end
    end as trades,
    document,
    sha256,
    learnt_at,
    read_at
from records.store_documents
