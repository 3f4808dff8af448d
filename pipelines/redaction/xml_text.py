"""Flex reports without what is private.

Holds: writing a report anew, element by element, with its attributes masked.
Belongs here: how XML is read and written.
Never here: which attribute is private (`policy`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from pipelines.redaction.policy import ACCOUNTS, DESCRIPTIONS, IDS, KEPT_OF_ACCOUNT, OWNERS, Masker, plain_name

_ABOUT_THE_ACCOUNT = "AccountInformation"


def redact_xml(data: bytes, private_lines: Collection[int], masker: Masker) -> str:
    """The report with its private attributes masked; comments and instructions are left out.

    The bytes have been read by the reader before, so they are well formed and declare no entities.
    """
    _walk(data, lambda tag, _line, attributes: _learn(tag, attributes, masker), lambda _: None, lambda _: None)
    parts: list[str] = []

    def start(tag: str, line: int, attributes: Mapping[str, str]) -> None:
        masked = {
            name: _attribute(tag, name, value, masker, private=line in private_lines)
            for name, value in attributes.items()
        }
        parts.append(f"<{tag}" + "".join(f" {name}={quoteattr(value)}" for name, value in masked.items()) + ">")

    _walk(data, start, lambda tag: parts.append(f"</{tag}>"), lambda text: parts.append(escape(masker.free(text))))
    return "".join(parts) + "\n"


def _walk(data: bytes, start: object, end: object, text: object) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda tag, attributes: start(tag, parser.CurrentLineNumber, attributes)  # type: ignore[operator]
    parser.EndElementHandler = end  # type: ignore[assignment]
    parser.CharacterDataHandler = text  # type: ignore[assignment]
    parser.Parse(data, True)


def _learn(tag: str, attributes: Mapping[str, str], masker: Masker) -> None:
    for name, value in attributes.items():
        if plain_name(name) != "name" or tag == _ABOUT_THE_ACCOUNT:
            masker.learn(name, value)


def _attribute(tag: str, name: str, value: str, masker: Masker, *, private: bool) -> str:
    known = plain_name(name)
    if not value:
        return value
    if known in ACCOUNTS:
        return masker.account(value)
    if tag == _ABOUT_THE_ACCOUNT:
        return value if known in KEPT_OF_ACCOUNT else masker.account(value)
    if known in OWNERS:
        return masker.account(value)
    if known in IDS:
        return masker.identifier(value)
    if known in DESCRIPTIONS and known != "notes":
        return masker.of_money(value) if private else masker.free(value)
    return masker.free(value)
