"""What parameter documents and their history share: the schema version, the shapes of names, the refusal.

Holds: `SCHEMA`, the patterns of ids and hashes, `ParametersRefused`.
Belongs here: a word that both documents use.
Never here: reading a document.
"""

from __future__ import annotations

import re

SCHEMA = 1
"""Version of the document's shape; another one is refused."""

ID_PATTERN = re.compile(r"ps-[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9a-f]{8}")
HASH_PATTERN = re.compile(r"[0-9a-f]{64}")
"""Shapes of a set's id and of a sha256."""


class ParametersRefused(ValueError):
    """A parameter document may not be used.

    `reason` is one of: not_utf8, not_json, not_an_object, duplicate_key, not_a_number, wrong_type, missing,
    unknown_schema, unknown_key, not_a_date, out_of_bounds, not_a_flag, not_allowed, incomplete_family, contradiction,
    looks_ahead, id_mismatch, hash_mismatch, wrong_deployment, not_yet_effective, stale; a history adds not_sorted.
    `field` names the key or parameter at fault, where there is one.
    """

    def __init__(self, reason: str, field: str | None = None, detail: str | None = None) -> None:
        self.reason, self.field, self.detail = reason, field, detail
        super().__init__(f"{reason}{f' in {field}' if field else ''}{f': {detail}' if detail else ''}")
