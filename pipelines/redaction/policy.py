"""What in a statement is private: by the name of a column, attribute or member, and by the words of a description.

Holds: the names under which brokers print accounts, owners and ids, and the words a description may keep.
Belongs here: a name or word seen in a statement.
Never here: walking through a format (`csv_text`, `xml_text`, `json_text`).

Names are compared without case, blanks and punctuation (`Order #`, `order-id`, `ibOrderID`). Ids are replaced by
numbers of this file, the same for the same id, so that rows still belong together and nothing leads back to the
broker's books. Descriptions of money that moves may name anybody, so they keep known words only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from pipelines.privacy import MASK, redact_text

ACCOUNTS: Final = frozenset(
    {"account", "accountnumber", "accountid", "clientaccountid", "accountreference", "accounthash", "hashvalue", "familycode",
     "primaryaccount", "masteraccount", "accountno", "acctid"}
)  # fmt: skip
OWNERS: Final = frozenset(
    {"acctalias", "accountalias", "accounttitle", "name", "username", "userid", "userlogin", "firstname", "lastname", "middlename",
     "fullname", "legalname", "displayname", "nickname", "nicknames", "principal", "street", "street2", "address", "addressline1",
     "addressline2", "city", "state", "zip", "zipcode", "postalcode", "country", "phone", "phonenumber", "mobilephonenumber", "email",
     "primaryemail", "emailaddress", "ssn", "taxid", "taxnumber", "dateofbirth", "birthdate", "dateopened", "datefunded",
     "dateclosed", "traderid", "clearingfirmid", "allocatedto", "cddomainid", "primarycontact", "advisor", "representative"}
)  # fmt: skip
IDS: Final = frozenset(
    {"id", "order", "orderid", "orderno", "ordernumber", "ref", "transactionid", "tradeid", "ibexecid", "execid", "iborderid",
     "brokerageorderid", "exchorderid", "extexecid", "origtradeid", "origorderid", "origtransactionid", "relatedtradeid",
     "relatedtransactionid", "activityid", "actionid", "positionid", "reversesid", "extgroupid", "extgroupfillid",
     "extexchangeordernumber", "extglobalordernumber", "exchangeaffiliationidentifier", "volatilityorderlink", "complexorderid",
     "parentorderid", "externalorderid", "confirmationnumber", "checknumber", "orderreference", "clearingreferencenumber",
     "cancelledorderid", "rtn", "originatingorderid", "originatingtransactionid"}
)  # fmt: skip
DESCRIPTIONS: Final = frozenset({"description", "notes", "activitydescription", "memo", "clientreference", "details"})
KEPT_OF_ACCOUNT: Final = frozenset(
    {"currency", "basecurrency", "accounttype", "customertype", "accountcapabilities", "tradingpermissions", "model"}
)
"""Of a section about the account itself only these stay."""
_WORDS: Final = frozenset(
    """a ach account adjustment adj adr advisor advisory and assignment at atm balance bank beginning bond borrow broker brokerage
    business buy by call cash cash-settled charge charged charges client closing co commission commissions contract correction
    credit cusip daily data day debit deposit depository delivery disbursed disbursement dividend due eft electronic exchange
    exercise expiration expired fee fees for foreign frac frm from fund funding funds futures fx goodwill hard
    in income initiated institution int interest internal iou jan feb mar apr may jun jul aug sep oct nov dec journal
    lending level lieu long management margin mark market mgmt misc moneylink monthly nasdaq net network
    of on opra option options or order other outgoing paid payment penny put quote rebate received receipt redemption refund
    reg regulatory removal requested rounding securities security sell sent service settlement short snapshot stock streaming
    subscription surcharge sweep system tax tfr the thru to trade transfer transaction trsf value variation verification
    waive waived wire wired wires withdrawal withholding at start cst est edt cdt pst pdt gmt utc commission: adjustment: flatten usd eur gbp chf cad
    jpy aud total entry purchase alternatives online type new old fully fullypaid translations pl p&l component amount base
    forex currency schwab hold early partial reversal regular monthly weekly annual inc corp etf trust""".split()  # noqa: SIM905 (a list would take two hundred lines)
)
"""Words that name nobody."""
_WORD: Final = re.compile(r"[^\s]+")
_SMALL_NUMBER: Final = re.compile(r"[-+$@#%:/.,()0-9]*")
_DIGITS: Final = re.compile(r"[0-9]+")
_MAIL: Final = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")
_LONGEST_NUMBER: Final = 4
"""Digits in a row that still are a day, a year or an amount."""
_SHORTEST_NAME: Final = 4
_TITLES: Final = frozenset(
    {"individual", "joint", "trust", "account", "roth", "llc", "margin", "cash", "company", "limited"}
)


def plain_name(name: str) -> str:
    """A column's name as the sets above have it."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


@dataclass(slots=True)
class Masker:
    """What was learnt to be private in one file. The same id is replaced by the same number throughout."""

    also: tuple[str, ...] = ()
    """Further texts to mask wherever they stand."""
    _ids: dict[str, str] = field(default_factory=dict)
    _accounts: dict[str, str] = field(default_factory=dict)
    _texts: set[str] = field(default_factory=set)
    _words: set[str] = field(default_factory=set)

    def learn(self, name: str, value: str) -> None:
        """Take note of a private value, so that it is masked in free text, too."""
        known, value = plain_name(name), value.strip()
        if known in ACCOUNTS and len(value) >= _SHORTEST_NAME and any(sign.isdigit() for sign in value):
            self._texts.add(value)
        elif known in OWNERS and len(value) >= _SHORTEST_NAME:
            self._texts.add(value)
            words = re.findall(rf"[^\W\d_]{{{_SHORTEST_NAME},}}", value)
            self._words |= {word.lower() for word in words} - _TITLES - _WORDS

    def account(self, value: str) -> str:
        """An account's mask: the same for the same account, told apart where there are several."""
        if not value.strip(" -"):
            return value
        known = self._accounts.setdefault(value, MASK if not self._accounts else f"{MASK}{len(self._accounts) + 1}")
        return known

    def identifier(self, value: str) -> str:
        """A number of this file in place of an id; blank, 0 and words without a digit name nothing."""
        if not any(sign in "123456789" for sign in value):
            return value if not value.strip() or not value.strip(" 0.") else MASK
        digits = _DIGITS.fullmatch(value.strip())
        if value not in self._ids:
            place = len(self._ids) + 1
            width = len(value.strip()) if digits else 0
            self._ids[value] = str(10 ** max(width - 1, 4) + place) if digits else f"ID{place}"
        return self._ids[value]

    def quoted_identifier(self, value: str) -> str:
        """An id inside a formula of a spreadsheet (`="129"`)."""
        inner = re.fullmatch(r'="(?P<id>[^"]*)"', value)
        return f'="{self.identifier(inner["id"])}"' if inner else self.identifier(value)

    def free(self, text: str) -> str:
        """Any text without what was learnt, account numbers and addresses of mail."""
        for known in sorted((*self._texts, *self.also), key=len, reverse=True):
            text = text.replace(known, MASK)
        if self._words:
            text = re.sub(r"[^\W\d_]+", lambda word: MASK if word[0].lower() in self._words else word[0], text)
        return redact_text(_MAIL.sub(MASK, text))

    def of_money(self, text: str) -> str:
        """The description of money that moved: known words and small numbers only."""
        return _WORD.sub(lambda word: word[0] if _harmless(word[0]) else MASK, self.free(text))


def _harmless(word: str) -> bool:
    if _SMALL_NUMBER.fullmatch(word):
        return all(len(digits) <= _LONGEST_NUMBER for digits in _DIGITS.findall(word))
    bare = word.lower().strip(".,;:()[]*#-'\"")
    parts = [part for part in re.split(r"[-/_:0-9,]+", bare) if part]
    short = all(len(digits) <= _LONGEST_NUMBER for digits in _DIGITS.findall(word))
    return short and (bare in _WORDS or all(part in _WORDS for part in parts))
