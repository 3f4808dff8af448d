"""Insights: both notations give the same rows, and a broken one never takes the others with it."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.lean.insights import LeanInsight, parse_insight_list
from pipelines.parsing.refusals import Refused
from tests.shared import SHARED, shared_path

COMPLETE = {
    "id": "a1", "groupId": None, "sourceModel": "m", "generatedTime": 1.5, "createdTime": 2.5, "closeTime": 3.5,
    "symbol": "SPY R735QTJ8XC9X", "ticker": "SPY", "type": "price", "reference": 10.25, "referenceValueFinal": 0.0,
    "direction": "up", "period": 60.0, "magnitude": "0.025", "confidence": None, "weight": 0.5, "scoreIsFinal": False,
    "scoreMagnitude": "0", "scoreDirection": "0", "estimatedValue": "0", "tag": "",
}  # fmt: skip


def one(**members: object) -> LeanInsight:
    (found,), refused = parse_insight_list(json.dumps([COMPLETE | members]).encode())
    assert refused == []
    return found


def samples() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shared_path("samples", "lean", "insights-camel-and-kebab.json").read_bytes())
    return {name: insight for name, insight in found.items() if isinstance(insight, dict)}


@pytest.mark.parametrize(
    ("current", "kebab"),
    [
        ("jsonNoScore2", "jsonNoScoreBackwardsCompatible"),
        ("jsonWithScore", "jsonWithScoreBackwardsCompatible"),
        ("jsonWithTag", "jsonWithTagBackwardsCompatible"),
        ("jsonWithoutTag", "jsonWithoutTagBackwardsCompatible"),
    ],
)
def test_kebab_case_and_camel_case_say_the_same(current: str, kebab: str) -> None:
    given_samples = samples()
    readings = [parse_insight_list(json.dumps([given_samples[name]]).encode()) for name in (current, kebab)]
    (now, refused_now), (before, refused_before) = readings
    assert now == before
    assert refused_now == refused_before == []


def test_every_sample_is_read_with_its_own_figures() -> None:
    for insight in samples().values():
        (found,), refused = parse_insight_list(json.dumps([insight]).encode())
        assert refused == []
        final = insight.get("referenceValueFinal", insight.get("reference-final"))
        assert found.reference_value == Decimal(str(insight["reference"]))
        assert found.reference_value_final == Decimal(str(final))
        assert found.score_is_final == insight.get("scoreIsFinal", insight.get("score-final"))
        assert found.created_at is not None


@pytest.mark.parametrize(
    "path", sorted(SHARED.glob("runs/lean/*/*/alpha-results.json")), ids=lambda path: path.parent.name
)
def test_every_recorded_insight_is_read(path: Any) -> None:
    recorded = json.loads(path.read_bytes())
    found, refused = parse_insight_list(path.read_bytes())
    assert refused == []
    assert [insight.insight_id for insight in found] == [insight["id"] for insight in recorded]
    assert [insight.generated_at.timestamp() for insight in found] == pytest.approx(
        [insight["generatedTime"] for insight in recorded], abs=1e-6
    )
    assert [insight.weight for insight in found] == [
        None if insight["weight"] is None else Decimal(str(insight["weight"])) for insight in recorded
    ]


def test_what_a_file_does_not_say_is_unknown() -> None:
    bare = {key: COMPLETE[key] for key in ("id", "generatedTime", "symbol", "type", "direction")}
    (found,), _ = parse_insight_list(json.dumps([bare]).encode())
    assert found.created_at == found.generated_at
    assert (found.close_at, found.weight, found.score_is_final, found.tag) == (None, None, None, None)


def test_a_number_in_quotes_is_a_number_and_a_text_is_refused() -> None:
    assert one(magnitude="0.5").magnitude == Decimal("0.5")
    _, (refusal,) = parse_insight_list(json.dumps([COMPLETE | {"magnitude": "much"}]).encode())
    assert refusal.field == "$[0].magnitude"


@given(st.sampled_from(["id", "symbol", "type", "direction", "generatedTime"]), st.sampled_from([None, "", [], {}]))
def test_an_insight_without_a_required_member_is_refused_and_the_others_stay(member: str, value: object) -> None:
    data = json.dumps([COMPLETE | {member: value}, COMPLETE | {"id": "b2"}]).encode()
    found, refused = parse_insight_list(data)
    assert "b2" in [insight.insight_id for insight in found]
    assert len(found) + len(refused) == 2


def test_an_id_that_stands_twice_is_refused_the_second_time() -> None:
    found, (refusal,) = parse_insight_list(json.dumps([COMPLETE, COMPLETE]).encode())
    assert len(found) == 1
    assert refusal.field == "$[1].id"


@given(st.binary(max_size=80))
def test_bytes_that_are_no_list_are_refused_whole(data: bytes) -> None:
    with suppress(Refused):
        found, refused = parse_insight_list(data)
        assert found == []
        assert all(refusal.field for refusal in refused)
