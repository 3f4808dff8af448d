"""JSON with comments, as LEAN's own configuration files are written.

Holds: the one function that reads it.
Belongs here: `//` and `/* */` comments and commas before a closing bracket.
Never here: what the settings mean.
"""

from __future__ import annotations

import json
import re
from typing import Any

from pipelines.parsing.refusals import Refusal, Refused

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?\*/|,(?=(?:\s|//[^\n]*|/\*.*?\*/)*[}\]])', re.DOTALL)


def parse_commented(data: bytes) -> dict[str, Any]:
    """The JSON object in `data`. Raises Refused with the line at fault."""
    try:
        text = data.decode("utf-8-sig")
        # A comment becomes a blank, so that lines keep their numbers.
        found = json.loads(_TOKEN.sub(lambda match: match[0] if match[0][0] == '"' else _blank(match[0]), text))
    except json.JSONDecodeError as error:
        raise Refused(Refusal(f"not JSON: {error.msg}", line=error.lineno)) from error
    except (ValueError, RecursionError) as error:
        raise Refused(Refusal(f"not JSON: {error}")) from error
    if not isinstance(found, dict):
        raise Refused(Refusal("no JSON object"))
    return found


def _blank(token: str) -> str:
    return "\n" * token.count("\n") or " "
