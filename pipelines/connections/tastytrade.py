"""tastytrade's Open API: transactions by page and the total of each day's fees.

Holds: the login, the walk over pages, and the checks that a reply is what was asked for.
Belongs here: the addresses and rules of this one service.
Never here: reading a transaction (`parsing.tastytrade_json`) or a total (`parsing.tastytrade_quotes`).

Documented at https://developer.tastytrade.com/docs: access tokens of 15 minutes come from a refresh token and a client
secret (`POST /oauth/token`), every request names its program, pages are counted from 0 and described by `pagination`.
There is no published quota; a burst earns status 429, and repeated failed logins block the sender for hours, so a
refused login is never tried again.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx

from pipelines.connections.credentials import Credentials, Secret, how_to_store
from pipelines.connections.errors import ConnectionFailed
from pipelines.connections.exchange import Answer, Exchange, Pace
from pipelines.connections.fetched import Fetched
from pipelines.parsing.tastytrade import api as tastytrade_json
from pipelines.parsing.tastytrade.quotes import enveloped
from pipelines.privacy import redact_text

ADDRESS: Final = "https://api.tastyworks.com"
NAME: Final = "tastytrade's API"
PER_PAGE: Final = 250
_MOST_PAGES: Final = 10_000
_NEW_YORK: Final = ZoneInfo("America/New_York")
_EARLY_SECONDS: Final = 60.0
"""A token is renewed this long before it ends."""

Report = Callable[[int, int, str], None]


def pace() -> Pace:
    """Four requests a second at most; the service names no number and asks not to be hammered."""
    return Pace(gap=0.25, most=120, window=60.0)


class Tastytrade:
    """The service for one account. Every method raises ConnectionFailed."""

    def __init__(self, exchange: Exchange, credentials: Credentials) -> None:
        self._exchange, self._credentials = exchange, credentials
        self._token: Secret | None = None
        self._until = 0.0

    def fetch(self, since: dt.date, today: dt.date, progress: Report) -> Iterator[Fetched]:
        """The pages of transactions from `since` through today, then the total of each past day that has any."""
        number = self._account_number()
        days: set[dt.date] = set()
        for page, body in self._pages(number, since, today, progress):
            days |= _days_of(body)
            yield Fetched(f"transactions_{since}_{today}_{page:04d}", ".json", body)
        past = sorted(day for day in days if since <= day < today)
        for done, day in enumerate(past):
            progress(done, len(past), f"total of {day}")
            yield self._day_total(number, day)

    def _account_number(self) -> str:
        """The account number that was given, else that of the only account the login reaches."""
        given = self._credentials.get("account_number")
        if given is not None:
            return given
        reply = _document(self._get("/customers/me/accounts", {}, _not_json))
        found = [
            item["account"]["account-number"]
            for item in _items(reply)
            if isinstance(item, dict) and isinstance(item.get("account"), dict) and "account-number" in item["account"]
        ]
        if len(found) != 1:
            raise ConnectionFailed(
                f"the login reaches {len(found)} accounts: which one is meant is not clear",
                remedy=how_to_store(self._credentials.account, ("account_number",)),
            )
        return Secret(str(found[0])).reveal()

    def _pages(self, number: str, since: dt.date, today: dt.date, progress: Report) -> Iterator[tuple[int, bytes]]:
        """Each page that holds a transaction, oldest first: what is booked meanwhile comes last and moves no page."""
        asked = {"start-date": str(since), "end-date": str(today), "sort": "Asc", "per-page": str(PER_PAGE)}
        path, taken, before = f"/accounts/{number}/transactions", 0, b""
        for page in range(_MOST_PAGES):
            answer = self._get(path, {**asked, "page-offset": str(page)}, _no_transactions)
            reply = _document(answer)
            found, told = len(_items(reply)), reply.get("pagination")
            if found and answer.body == before:
                raise ConnectionFailed(f"{NAME} gave page {page} twice", why="the pages do not move on")
            before, taken = answer.body, taken + found
            if found:
                yield page, answer.body
            pages, all_items = _pagination(told)
            progress(page + 1, max(pages or 0, page + 1), f"page {page + 1}")
            if not found or (found < PER_PAGE if pages is None else page + 1 >= pages):
                if all_items is not None and taken < all_items:
                    raise ConnectionFailed(
                        f"{NAME} announced {all_items} transactions and gave {taken}",
                        remedy="what was given is kept; fetch again to get the rest",
                    )
                return
        raise ConnectionFailed(f"{NAME} gives more than {_MOST_PAGES} pages", remedy="ask for less: --since DATE")

    def _day_total(self, number: str, day: dt.date) -> Fetched:
        answer = self._get(f"/accounts/{number}/transactions/total-fees", {"date": str(day)}, _no_total)
        moment = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
        body = enveloped(f"/transactions/total-fees?date={day}", answer.body)
        return Fetched(f"total-fees_{day}", ".json", body, as_of=moment)

    def _get(self, path: str, params: dict[str, str], good: Callable[[Answer], str | None]) -> Answer:
        """A reply of status 200; a session that has ended is opened anew, once."""
        answer = self._exchange.get(path, params, self._authorization(), good=good)
        if answer.status == httpx.codes.UNAUTHORIZED:
            self._token = None
            answer = self._exchange.get(path, params, self._authorization(), good=good)
        if answer.status != httpx.codes.OK:
            raise _refused(answer, self._credentials.account)
        return answer

    def _authorization(self) -> dict[str, str]:
        clock = self._exchange.clock()
        if self._token is None or clock >= self._until:
            self._token, seconds = self._login()
            self._until = clock + max(0.0, seconds - _EARLY_SECONDS)
        return {"Authorization": f"Bearer {self._token.reveal()}"}

    def _login(self) -> tuple[Secret, float]:
        answer = self._exchange.post(
            "/oauth/token",
            {
                "grant_type": "refresh_token",
                "client_secret": self._credentials["client_secret"],
                "refresh_token": self._credentials["refresh_token"],
            },
        )
        reply = _object(answer.body)
        token, seconds = (reply or {}).get("access_token"), (reply or {}).get("expires_in", 900)
        if answer.status != httpx.codes.OK or not isinstance(token, str) or not token:
            raise ConnectionFailed(
                f"{NAME} refuses the login (status {answer.status})",
                where=f"account {self._credentials.account}",
                why=_message(answer),
                remedy="make a new grant for your OAuth application at my.tastytrade.com and store its refresh token; "
                + how_to_store(self._credentials.account, ("client_secret", "refresh_token"))
                + ". It is not tried again by itself: failed logins block the sender for hours",
            )
        return Secret(token), float(seconds) if isinstance(seconds, int | float) else 900.0


def _refused(answer: Answer, account: str) -> ConnectionFailed:
    remedies = {
        httpx.codes.UNAUTHORIZED: "a fresh token was refused, too: see whether the grant still has the scope `read`",
        httpx.codes.FORBIDDEN: "the grant does not reach this account: give it the scope `read`",
        httpx.codes.NOT_FOUND: how_to_store(account, ("account_number",)),
    }
    return ConnectionFailed(
        f"{NAME} refuses the request (status {answer.status})",
        where=f"account {account}",
        why=_message(answer),
        remedy=remedies.get(httpx.codes(answer.status), "see https://developer.tastytrade.com/reference/errors")
        if answer.status in {int(code) for code in httpx.codes}
        else "see https://developer.tastytrade.com/reference/errors",
    )


def _message(answer: Answer) -> str:
    """The service's own code and words, else the beginning of what it sent."""
    reply = _object(answer.body) or {}
    error = reply.get("error")
    if isinstance(error, dict):
        return redact_text(": ".join(str(error[name]) for name in ("code", "message") if error.get(name)))
    described = [str(part) for part in (error, reply.get("error_description")) if part]
    return redact_text(": ".join(described)) or ("a page for people" if answer.is_page else answer.excerpt())


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _document(answer: Answer) -> dict[str, Any]:
    return _object(answer.body) or {}


def _items(reply: dict[str, Any]) -> list[Any]:
    data = reply.get("data")
    items = data.get("items") if isinstance(data, dict) else None
    return items if isinstance(items, list) else []


def _pagination(told: Any) -> tuple[int | None, int | None]:
    """Pages and transactions as the reply announces them; None where it does not."""
    found = told if isinstance(told, dict) else {}
    pages, items = found.get("total-pages"), found.get("total-items")
    return pages if isinstance(pages, int) else None, items if isinstance(items, int) else None


def _not_json(answer: Answer) -> str | None:
    if answer.is_page:
        return "a page for people instead of JSON (maintenance, or a proxy in between)"
    return None if _object(answer.body) is not None else f"not a whole JSON document: {answer.excerpt()}"


def _no_transactions(answer: Answer) -> str | None:
    wrong = _not_json(answer)
    if wrong is not None:
        return wrong
    data = (_object(answer.body) or {}).get("data")
    items = data.get("items") if isinstance(data, dict) else None
    if items == [] or (isinstance(items, list) and tastytrade_json.recognise(answer.body) is not None):
        return None
    return f"no page of transactions: {answer.excerpt()}"


def _no_total(answer: Answer) -> str | None:
    wrong = _not_json(answer)
    if wrong is not None:
        return wrong
    data = (_object(answer.body) or {}).get("data")
    return None if isinstance(data, dict) and "total-fees" in data else f"no total of a day: {answer.excerpt()}"


def _days_of(body: bytes) -> set[dt.date]:
    """The days, in New York, on which the transactions of a page were executed."""
    days = set()
    for item in _items(_object(body) or {}):
        text = item.get("executed-at") if isinstance(item, dict) else None
        try:
            moment = dt.datetime.fromisoformat(str(text))
        except ValueError:
            continue
        days.add(moment.astimezone(_NEW_YORK).date() if moment.tzinfo is not None else moment.date())
    return days
