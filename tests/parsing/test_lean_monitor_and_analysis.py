"""The data monitor's files and the engine's analysis: as they stand, broken parts named."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.lean.analysis import parse_analysis
from pipelines.parsing.lean.monitor import damage_in_requests, lists_successes, parse_report, parse_requests
from pipelines.parsing.refusals import Refused
from tests.shared import SHARED

REPORTS = sorted(SHARED.glob("runs/**/data-monitor-report-*.json"))


def test_every_recorded_report_agrees_with_the_lists_beside_it() -> None:
    if not REPORTS:
        pytest.skip(f"reference material is not beside this checkout: {SHARED}")
    for path in REPORTS:
        report, recorded = parse_report(path.read_bytes()), json.loads(path.read_bytes())
        assert report.requests == recorded["total-data-requests-count"]
        assert report.failed_percentage == Decimal(str(recorded["failed-data-requests-percentage"]))
        assert [float(rate) for rate in report.rates] == recorded["data-request-rates"]
        for file in path.parent.glob("*-data-requests-*.txt"):
            expected = report.succeeded if lists_successes(file.name) else report.failed
            assert len(list(parse_requests(file.read_bytes()))) == expected


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1)))
def test_a_list_of_requests_gives_each_path_with_its_line(paths: list[str]) -> None:
    written = "".join(f"equity/{path}\n" for path in paths).encode()
    assert list(parse_requests(written)) == [(number, f"equity/{path}") for number, path in enumerate(paths, start=1)]
    assert damage_in_requests(written) == []


def test_an_empty_line_is_no_request() -> None:
    assert list(parse_requests(b"a.zip\r\n\r\nb.zip\n")) == [(1, "a.zip"), (3, "b.zip")]


def test_a_report_without_a_figure_leaves_it_unknown() -> None:
    report = parse_report(b'{"total-data-requests-count": 3}')
    assert (report.requests, report.failed, report.rates) == (3, None, ())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"total-data-requests-count": "x"}',
        b'{"total-data-requests-count": -1}',
        b'{"data-request-rates": 3}',
    ],
)
def test_a_broken_report_is_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        parse_report(data)


def test_every_recorded_finding_is_read() -> None:
    found = 0
    for path in SHARED.glob("runs/lean/*/*.json"):
        recorded = json.loads(path.read_bytes())
        if not isinstance(recorded, dict) or not recorded.get("analysis"):
            continue
        findings, refused = parse_analysis(json.dumps(recorded["analysis"]).encode())
        assert refused == []
        for finding, entry in zip(findings, recorded["analysis"], strict=True):
            parts = [part for part in (finding.parent, finding.name) if part]
            assert " / ".join(parts) == entry["name"]
            assert finding.issue == entry["issue"]
            assert finding.occurrences == entry.get("count")
            assert list(finding.solutions) == entry["solutions"]
            sample = entry.get("sample")
            assert (None if finding.sample_json is None else json.loads(finding.sample_json)) == sample
            found += 1
    if not found:
        pytest.skip(f"reference material is not beside this checkout: {SHARED}")


@pytest.mark.parametrize("sample", ["text", {"order": 1}, [1, 2], True, False, 1.25])
def test_a_sample_may_be_any_json(sample: object) -> None:
    (finding,), _ = parse_analysis(json.dumps([{"name": "A / B / C", "issue": "i", "sample": sample}]).encode())
    assert finding.sample_json is not None
    assert json.loads(finding.sample_json) == sample
    assert (finding.parent, finding.name, finding.solutions) == ("A / B", "C", ())


def test_a_finding_without_a_name_is_refused_and_the_others_stay() -> None:
    findings, (refusal,) = parse_analysis(b'[{"issue": "x"}, {"name": "n"}]')
    assert [finding.name for finding in findings] == ["n"]
    assert refusal.field == "$.analysis[0].name"


@given(st.binary(max_size=60))
def test_no_bytes_break_the_readers(data: bytes) -> None:
    parse_analysis(data)
    list(parse_requests(data))
    damage_in_requests(data)
    assert isinstance(lists_successes(Path("x").name), bool)


@pytest.mark.parametrize("data", [b"null", b"[]"])
def test_no_analysis_is_no_finding(data: bytes) -> None:
    assert parse_analysis(data) == ([], [])
