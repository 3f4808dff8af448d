"""The insights of a run: `<id>/alpha-results.json`.

Holds: the list in its current notation and in kebab-case (before 2024-05-08).
Belongs here: a key of an insight.
Never here: which version of an insight stands.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from msgspec import Raw

from pipelines.parsing.lean.exact_json import (
    Unreadable,
    amount,
    instant_from_seconds,
    plain_text,
    read_file,
    read_object,
)
from pipelines.parsing.lean.keys import first_of, plain_keys
from pipelines.parsing.refusals import Refusal


@dataclass(frozen=True, slots=True)
class LeanInsight:
    """A prediction. Scores and the estimated value are LEAN's own."""

    insight_id: str
    position: int
    group_id: str | None
    source_model: str | None
    generated_at: dt.datetime
    created_at: dt.datetime | None
    close_at: dt.datetime | None
    symbol_id: str
    ticker: str | None
    insight_type: str
    direction: str
    period_seconds: Decimal | None
    magnitude: Decimal | None
    confidence: Decimal | None
    weight: Decimal | None
    reference_value: Decimal | None
    reference_value_final: Decimal | None
    score_is_final: bool | None
    score_magnitude: Decimal | None
    score_direction: Decimal | None
    estimated_value: Decimal | None
    tag: str | None


def parse_insight_list(data: bytes) -> tuple[list[LeanInsight], list[Refusal]]:
    """Every insight that can be read, and a refusal for every other. Raises `Refused` for what is no list."""
    insights: list[LeanInsight] = []
    refusals: list[Refusal] = []
    seen: set[str] = set()
    for position, raw in enumerate(read_file(data, list[Raw])):
        place = f"$[{position}]"
        try:
            found = _insight(raw, position, place)
            if found.insight_id in seen:
                raise Unreadable("an insight's id that stands in the list twice", f"{place}.id", found.insight_id)
        except Unreadable as error:
            refusals.append(error.refusal)
        else:
            seen.add(found.insight_id)
            insights.append(found)
    return insights, refusals


def _insight(raw: Raw, position: int, place: str) -> LeanInsight:
    members = plain_keys(read_object(raw, dict[str, Raw], place))

    def text(key: str) -> str | None:
        return plain_text(first_of(members, key))

    def required(key: str) -> str:
        found = text(key)
        if not found:
            raise Unreadable("an insight without a required member", field=f"{place}.{key}")
        return found

    def number(*keys: str) -> Decimal | None:
        return amount(first_of(members, *keys), f"{place}.{keys[0]}")

    def moment(key: str) -> dt.datetime | None:
        seconds = number(key)
        return None if seconds is None else instant_from_seconds(seconds, f"{place}.{key}")

    generated_at = moment("generatedtime")
    if generated_at is None:
        raise Unreadable("an insight without a required member", field=f"{place}.generatedtime")
    return LeanInsight(
        insight_id=required("id"),
        position=position,
        group_id=text("groupid"),
        source_model=text("sourcemodel"),
        generated_at=generated_at,
        # Files from before there was a creation time: an insight was created when it was generated.
        created_at=moment("createdtime") or generated_at,
        close_at=moment("closetime"),
        symbol_id=required("symbol"),
        ticker=text("ticker"),
        insight_type=required("type").lower(),
        direction=required("direction").lower(),
        period_seconds=number("period"),
        magnitude=number("magnitude"),
        confidence=number("confidence"),
        weight=number("weight"),
        reference_value=number("reference", "referencevalue"),
        reference_value_final=number("referencevaluefinal", "referencefinal"),
        score_is_final=_flag(first_of(members, "scoreisfinal", "scorefinal"), f"{place}.scoreisfinal"),
        score_magnitude=number("scoremagnitude"),
        score_direction=number("scoredirection"),
        estimated_value=number("estimatedvalue"),
        tag=text("tag"),
    )


def _flag(raw: Raw, place: str) -> bool | None:
    text = plain_text(raw)
    if text is None:
        return None
    if text.lower() not in ("true", "false"):
        raise Unreadable("neither true nor false", field=place, value=text[:200])
    return text.lower() == "true"
