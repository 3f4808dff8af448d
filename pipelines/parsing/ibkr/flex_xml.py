"""The elements of a Flex report, read from XML that nobody vouches for.

Holds: a streaming reader that gives every element of every statement with its line and its attributes as text.
Belongs here: what is true of any Flex XML.
Never here: what an element or attribute means.

Flex reports have no document type and no entities of their own, so a file that declares any is refused before an
entity can be expanded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from pipelines.parsing.refusals import Refusal, Refused

ROOT, STATEMENT = "FlexQueryResponse", "FlexStatement"
_DEEPEST = 12
"""Elements lie four deep; far more is no report."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a section: its tag, its line, every attribute as printed."""

    tag: str
    line: int
    attributes: Mapping[str, str]


@dataclass(slots=True)
class Statement:
    """A FlexStatement: its own attributes and its sections by name. A section without elements is an empty list."""

    line: int
    attributes: Mapping[str, str]
    sections: dict[str, list[Element]] = field(default_factory=dict)


@dataclass(slots=True)
class Report:
    """A whole file: the attributes of its root and its statements."""

    attributes: Mapping[str, str] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)


def read_report(data: bytes) -> Report:
    """The statements of a Flex report.

    Raises:
        Refused: not well formed (a truncated download is not), a document type or entity, or not a Flex report.
    """
    builder = _Builder()
    parser = expat.ParserCreate()
    builder.line = lambda: parser.CurrentLineNumber
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.StartDoctypeDeclHandler = _no_document_type
    parser.EntityDeclHandler = _no_entity
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise Refused(Refusal(f"not well-formed XML: {expat.ErrorString(error.code)}", line=error.lineno)) from error
    if builder.report is None:
        raise Refused(Refusal("no Flex report", line=1))
    return builder.report


def _no_document_type(*_: object) -> None:
    raise Refused(
        Refusal("the XML declares a document type (DOCTYPE): no broker's report does", line=1, field="DOCTYPE")
    )


def _no_entity(name: str, *_: object) -> None:
    raise Refused(Refusal("the XML declares an entity (ENTITY): no broker's report does", line=1, field=name))


class _Builder:
    """Puts elements into their statement and section."""

    def __init__(self) -> None:
        self.report: Report | None = None
        self.line: Callable[[], int] = lambda: 0
        self._path: list[str] = []
        self._section: list[Element] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._path and tag != ROOT:
            raise Refused(Refusal(f"not a Flex report: the root element is {tag[:50]!r}", line=self.line()))
        if len(self._path) >= _DEEPEST:
            raise Refused(Refusal("elements are nested deeper than in any Flex report", line=self.line()))
        self._path.append(tag)
        depth = len(self._path)
        if depth == 1 or self.report is None:
            self.report = Report(attributes)
        elif tag == STATEMENT:
            self.report.statements.append(Statement(self.line(), attributes))
        elif self.report.statements and STATEMENT in self._path:
            inside = depth - self._path.index(STATEMENT) - 1
            sections = self.report.statements[-1].sections
            if inside == 1:
                self._section = sections.setdefault(tag, [])
                if attributes:
                    # Single-element sections carry their values themselves.
                    self._section.append(Element(tag, self.line(), attributes))
            else:
                self._section.append(Element(tag, self.line(), attributes))

    def end(self, _tag: str) -> None:
        self._path.pop()
