"""The parameter contract: what is written is read back, what is damaged is refused by name."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tomking.kernel.documents import encode_object, sha256_of
from tomking.kernel.parameter_book import Applied, ParameterBook, Refused, Unchanged
from tomking.kernel.parameter_specs import FAMILIES, ORDERED, SPECS, ParameterSpec
from tomking.kernel.parameters import (
    HistoryEntry,
    ParametersRefused,
    default_values,
    dump,
    dump_history,
    parse,
    parse_history,
    values_sha256,
)
from tomking.kernel.regime_parameters import regime_calibration

EFFECTIVE, THROUGH = date(2019, 12, 2), date(2019, 11, 29)
JSON_EVIDENCE = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def document(**changes: object) -> bytes:
    values = changes.pop("values", None) or default_values()
    arguments: dict[str, object] = {
        "effective_from": EFFECTIVE,
        "data_through": THROUGH,
        "code_version": "0.1.0",
        "evidence": {},
    }
    return dump(values, **{**arguments, **changes})  # type: ignore[arg-type]


def altered(original: bytes, change: dict[str, object], *, drop: str | None = None) -> bytes:
    fields = {**json.loads(original), **change}
    if drop:
        del fields[drop]
    return encode_object(fields)


def with_value(name: str, value: object) -> bytes:
    fields = json.loads(document())
    fields["values"][name] = value
    return encode_object(fields)


def thresholds(axis: str, leave_stressed: str, enter_stressed: str, leave_crisis: str, enter_crisis: str) -> bytes:
    values = default_values()
    for name in FAMILIES["regime"]:
        values[name] = "0.1"
    given = {"leave_stressed": leave_stressed, "enter_stressed": enter_stressed,
             "leave_crisis": leave_crisis, "enter_crisis": enter_crisis}  # fmt: skip
    values.update({f"regime.{axis}_{name}": text for name, text in given.items()})
    return document(values=values)


@st.composite
def value_texts(draw: st.DrawFn, spec: ParameterSpec) -> str:
    if spec.kind == "integer":
        return str(draw(st.integers(int(spec.lower or 0), int(spec.upper or 0))))
    if spec.kind == "decimal":
        return format(draw(st.decimals(spec.lower, spec.upper, places=6, allow_nan=False)), "f")
    if spec.kind == "flag":
        return draw(st.sampled_from(("true", "false")))
    return draw(st.from_regex(spec.pattern or "x", fullmatch=True))


@st.composite
def value_tables(draw: st.DrawFn) -> dict[str, str]:
    families = {name for name in FAMILIES if draw(st.booleans())}
    table = {
        spec.id: draw(value_texts(spec))
        for spec in SPECS.values()
        if spec.required or (spec.family in families if spec.family else draw(st.booleans()))
    }
    whole = {**default_values(), **table}
    for _ in ORDERED:  # a later pair may undo an earlier one, so as many rounds as pairs
        for low, high in ORDERED:
            if low in whole and high in whole:
                as_text = SPECS[low].kind == "text"
                first, second = whole[low], whole[high]
                if first > second if as_text else Decimal(first) > Decimal(second):
                    whole[low] = table[low] = whole[high]
    return table


@settings(deadline=None, max_examples=40)
@given(value_tables(), JSON_EVIDENCE, st.integers(1, 4000), st.text(max_size=12))
def test_a_written_set_is_read_back_whole(table: dict[str, str], evidence: object, gap: int, version: str) -> None:
    effective = THROUGH + timedelta(days=gap)
    written = dump(
        table,
        effective_from=effective,
        data_through=THROUGH,
        code_version=version,
        evidence={"found": evidence},
        deployment="paper-1",
    )
    found = parse(written, sha256=sha256_of(written), deployment="paper-1", on=effective)
    assert dict(found.values) == table
    assert (found.effective_from, found.data_through, found.code_version) == (effective, THROUGH, version)
    assert dict(found.evidence) == {"found": evidence}
    assert found.document == written
    again = dump(
        found.values,
        effective_from=found.effective_from,
        data_through=found.data_through,
        code_version=found.code_version,
        evidence=found.evidence,
        deployment=found.deployment,
    )
    assert again == written


@pytest.mark.parametrize("axis", ["danger", "diversification"])
@pytest.mark.parametrize(
    ("levels", "field"),
    [
        (("0.3", "0.2", "0.3", "0.4"), "leave_stressed"),
        (("0.1", "0.4", "0.2", "0.3"), "enter_stressed"),
        (("0.2", "0.2", "0.1", "0.4"), "leave_stressed"),
        (("0.1", "0.2", "0.5", "0.4"), "leave_crisis"),
    ],
)
def test_thresholds_that_no_axis_can_hold_are_refused_by_name(
    axis: str, levels: tuple[str, str, str, str], field: str
) -> None:
    with pytest.raises(ParametersRefused) as refusal:
        thresholds(axis, *levels)
    assert (refusal.value.reason, refusal.value.field) == ("contradiction", f"regime.{axis}_{field}")


@given(st.tuples(*[st.integers(1, 9)] * 4))
def test_a_set_is_taken_exactly_where_its_thresholds_can_be_held(levels: tuple[int, int, int, int]) -> None:
    leave_stressed, enter_stressed, leave_crisis, enter_crisis = levels
    texts = [f"0.{level}" for level in levels]
    if leave_stressed <= enter_stressed <= enter_crisis and leave_stressed <= leave_crisis <= enter_crisis:
        assert regime_calibration(parse(thresholds("danger", *texts))) is not None
    else:
        with pytest.raises(ParametersRefused, match="contradiction"):
            thresholds("danger", *texts)


def test_every_shortened_document_is_refused() -> None:
    whole = document(evidence={"rows": ["a", "b"], "note": "häkchen"})
    for length in range(len(whole)):
        with pytest.raises(ParametersRefused):
            parse(whole[:length])


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_a_value_out_of_its_bounds_is_refused_by_its_name(data: st.DataObject) -> None:
    numeric = sorted(name for name, spec in SPECS.items() if spec.lower is not None and spec.default is not None)
    spec = SPECS[data.draw(st.sampled_from(numeric))]
    assert spec.lower is not None
    assert spec.upper is not None
    distance = data.draw(st.integers(1, 10**6))
    value = spec.upper + distance if data.draw(st.booleans()) else spec.lower - distance
    text = str(int(value)) if spec.kind == "integer" else format(value, "f")
    with pytest.raises(ParametersRefused) as refusal:
        parse(with_value(spec.id, text))
    assert (refusal.value.reason, refusal.value.field) == ("out_of_bounds", spec.id)


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "-Infinity", "1e1", " 1", "1 ", "1_0", "", "0x10", "1,5", "٣", "--1"]
)
def test_a_text_that_is_no_number_is_refused_by_its_parameter(text: str) -> None:
    for name in ("strangle.target_dte", "strangle.target_share"):
        with pytest.raises(ParametersRefused) as refusal:
            parse(with_value(name, text))
        assert (refusal.value.reason, refusal.value.field) == ("not_a_number", name)


@pytest.mark.parametrize("value", [0.5, 45, True, None, ["0.5"], {"v": "0.5"}])
def test_a_value_that_does_not_travel_as_text_is_refused(value: object) -> None:
    with pytest.raises(ParametersRefused) as refusal:
        parse(with_value("strangle.target_share", value))
    assert refusal.value.reason == "wrong_type"


def test_a_whole_number_is_not_read_from_a_fraction() -> None:
    with pytest.raises(ParametersRefused) as refusal:
        parse(with_value("strangle.exit_dte", "21.0"))
    assert (refusal.value.reason, refusal.value.field) == ("not_a_number", "strangle.exit_dte")


@pytest.mark.parametrize(
    ("spoilt", "reason", "field"),
    [
        (altered(document(), {"schema": 2}), "unknown_schema", "schema"),
        (altered(document(), {"schema": "1"}), "wrong_type", "schema"),
        (altered(document(), {"schema": True}), "wrong_type", "schema"),
        (altered(document(), {"colour": "red"}), "unknown_key", "colour"),
        (with_value("strangle.colour", "red"), "unknown_key", "values.strangle.colour"),
        (altered(document(), {}, drop="effective_from"), "missing", "effective_from"),
        (altered(document(), {}, drop="evidence"), "missing", "evidence"),
        (altered(document(), {}, drop="schema"), "missing", "schema"),
        (altered(document(), {"effective_from": "2019-13-02"}), "not_a_date", "effective_from"),
        (altered(document(), {"effective_from": 20191202}), "wrong_type", "effective_from"),
        (altered(document(), {"evidence": []}), "wrong_type", "evidence"),
        (altered(document(), {"values": []}), "wrong_type", "values"),
        (altered(document(), {"data_through": "2019-12-02"}), "looks_ahead", "data_through"),
        (altered(document(), {"id": "ps-2019-12-02-00000000"}), "id_mismatch", "id"),
        (altered(document(), {"id": "../current"}), "id_mismatch", "id"),
        (with_value("strangle.target_share", "0.51"), "id_mismatch", "id"),
        (with_value("strangle.entry_weekday", "sunday"), "not_allowed", "strangle.entry_weekday"),
        (with_value("strangle.exit_dte", "46"), "contradiction", "strangle.exit_dte"),
        (with_value("regime.danger_enter_crisis", "0.3"), "incomplete_family", "regime.danger_enter_stressed"),
        (b"[]", "not_an_object", None),
        (b"", "not_json", None),
        (b"\xff\xfe", "not_utf8", None),
        (b'{"schema":1,"schema":1}', "duplicate_key", "schema"),
        (b'{"schema":NaN}', "not_a_number", None),
        (document() + b"{}", "not_json", None),
        (b"[" * 100_000, "not_json", None),
    ],
)
def test_what_is_wrong_with_a_document_is_named(spoilt: bytes, reason: str, field: str | None) -> None:
    with pytest.raises(ParametersRefused) as refusal:
        parse(spoilt)
    assert (refusal.value.reason, refusal.value.field) == (reason, field)


def test_a_document_without_a_required_parameter_is_refused() -> None:
    fields = json.loads(document())
    del fields["values"]["strangle.exit_dte"]
    with pytest.raises(ParametersRefused) as refusal:
        parse(encode_object(fields))
    assert (refusal.value.reason, refusal.value.field) == ("missing", "strangle.exit_dte")


def test_a_set_is_refused_before_its_day_and_when_its_data_are_too_old() -> None:
    whole = document()
    for keywords, reason in (
        ({"on": EFFECTIVE - timedelta(days=1)}, "not_yet_effective"),
        ({"on": THROUGH + timedelta(days=31), "max_age_days": 30}, "stale"),
        ({"sha256": "0" * 64}, "hash_mismatch"),
    ):
        with pytest.raises(ParametersRefused) as refusal:
            parse(whole, **keywords)
        assert refusal.value.reason == reason
    assert parse(whole, on=THROUGH + timedelta(days=30), max_age_days=30).age_days(EFFECTIVE) == 3
    with pytest.raises(ParametersRefused) as refusal:
        parse(document(deployment="paper-1"), deployment="live-1")
    assert refusal.value.reason == "wrong_deployment"


def test_values_come_converted_and_defaults_fill_what_a_set_leaves_out() -> None:
    table = {name: text for name, text in default_values().items() if SPECS[name].required}
    found = parse(document(values={**table, "strangle.target_share": "0.60"}))
    assert found.number("strangle.target_share") == Decimal("0.60")
    assert found.whole("caches.chain_ttl_seconds") == 300
    assert found.text("strangle.vehicle") == "SPY"
    assert found.values_with_defaults()["caches.greeks_ttl_seconds"] == "30"
    assert found.effective_values_sha256 == values_sha256(found.values_with_defaults())
    assert not found.has("fees.orf_per_contract")
    with pytest.raises(KeyError):
        found.value("fees.orf_per_contract")
    with pytest.raises(KeyError):
        found.value("strangle.colour")
    with pytest.raises(TypeError):
        found.whole("strangle.target_share")
    with pytest.raises(TypeError):
        found.number("strangle.vehicle")


def test_every_default_keeps_its_own_bounds_and_says_what_it_is() -> None:
    for spec in SPECS.values():
        assert spec.about.endswith(".")
        assert spec.source
        assert spec.unit or spec.kind in ("text", "flag")
        if spec.default is None:
            assert spec.family is not None
        else:
            spec.value(spec.default)


def test_the_constructor_values_of_the_caches_and_the_window_are_the_promised_ones() -> None:
    found = parse(document())
    assert found.whole("caches.chain_ttl_seconds") == 300
    assert found.whole("caches.chain_entries") == 100
    assert found.whole("caches.greeks_ttl_seconds") == 30
    assert found.whole("regime.window") == 20


def entry(day: date, digit: str = "a") -> HistoryEntry:
    return HistoryEntry(f"ps-2019-12-02-{digit * 8}", digit * 64, day)


@given(st.lists(st.dates(date(2019, 1, 1), date(2021, 1, 1)), unique=True, min_size=1, max_size=12), st.dates())
def test_the_set_in_force_is_the_newest_that_had_begun(days: list[date], asked: date) -> None:
    history = parse_history(dump_history([entry(day) for day in days]))
    begun = [day for day in days if day <= asked]
    found = history.effective_on(asked)
    assert (found.effective_from if found else None) == (max(begun) if begun else None)


def test_a_history_is_refused_when_days_repeat_or_stand_unsorted() -> None:
    first, second = entry(date(2020, 1, 1)), entry(date(2020, 2, 1), "b")
    good = dump_history([second, first])
    history = parse_history(good)
    assert [item.effective_from.month for item in history.entries] == [1, 2]
    assert history.changes_between(date(2020, 1, 1), date(2020, 2, 1)) == (second,)
    with pytest.raises(ParametersRefused, match="not_sorted"):
        dump_history([first, entry(date(2020, 1, 1), "b")])
    turned = json.loads(good)
    turned["sets"].reverse()
    with pytest.raises(ParametersRefused, match="not_sorted"):
        parse_history(encode_object(turned))
    for length in range(len(good)):
        with pytest.raises(ParametersRefused):
            parse_history(good[:length])


@pytest.mark.parametrize(
    "spoilt",
    [
        {"schema": 2, "sets": []},
        {"schema": 1},
        {"schema": 1, "sets": {}},
        {"schema": 1, "sets": ["x"]},
        {"schema": 1, "sets": [], "more": 1},
        {"schema": 1, "sets": [{"id": "x", "sha256": "a" * 64, "effective_from": "2020-01-01"}]},
        {"schema": 1, "sets": [{"id": "ps-2019-12-02-aaaaaaaa", "sha256": "a", "effective_from": "2020-01-01"}]},
        {"schema": 1, "sets": [{"id": "ps-2019-12-02-aaaaaaaa", "sha256": "a" * 64}]},
    ],
)
def test_a_history_of_another_shape_is_refused(spoilt: dict[str, object]) -> None:
    with pytest.raises(ParametersRefused):
        parse_history(encode_object(spoilt))


def test_the_book_keeps_the_last_good_set_and_takes_the_document_once_it_is_whole() -> None:
    book = ParameterBook(deployment="paper-1", max_age_days=400)
    first = document(deployment="paper-1")
    second = document(deployment="paper-1", evidence={"n": 2})
    applied = book.offer(first, "start", EFFECTIVE)
    assert isinstance(applied, Applied)
    assert applied.previous is None
    assert set(applied.journal_fields()) >= {"set_id", "sha256", "why", "effective_from"}
    assert isinstance(book.offer(first, "schedule", EFFECTIVE), Unchanged)
    half = book.offer(second[:-40], "schedule", EFFECTIVE)
    assert isinstance(half, Refused)
    assert (half.reason, half.repeated) == ("not_json", False)
    again = book.offer(second[:-40], "schedule", EFFECTIVE)
    assert isinstance(again, Refused)
    assert again.repeated
    assert book.current is not None
    assert book.current.sha256 == sha256_of(first)
    taken = book.offer(second, "schedule", EFFECTIVE, sha256=sha256_of(second))
    assert isinstance(taken, Applied)
    assert taken.previous is not None
    assert taken.previous.sha256 == sha256_of(first)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.binary(max_size=40) | st.just(document()), max_size=6))
def test_whatever_is_offered_the_book_never_loses_a_good_set(offers: list[bytes]) -> None:
    book = ParameterBook()
    book.offer(document(), "start", EFFECTIVE)
    for offer in offers:
        book.offer(offer, "schedule", EFFECTIVE)
        assert book.current is not None
        assert book.current.sha256 == sha256_of(document())
