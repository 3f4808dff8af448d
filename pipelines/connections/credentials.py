"""Credentials of connections: from the environment or the keyring of the operating system, and nowhere else.

Holds: which credentials a broker's web service needs, where each is looked for, and the form that never prints itself.
Belongs here: a name under which a credential is found.
Never here: sending one (`tastytrade`, `ibkr_flex`), settings that are no secret (`tomking.toml`).
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from pipelines.errors import ConfigurationError
from pipelines.privacy import keep_secret

NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "tastytrade": ("client_secret", "refresh_token"),
    "ibkr": ("flex_token",),
}
"""Broker → the credentials its web service cannot do without. Brokers that are not here cannot be connected."""
OPTIONAL: Final[Mapping[str, tuple[str, ...]]] = {"tastytrade": ("account_number",), "ibkr": ()}
"""Further ones: tastytrade's account number is asked for where the login reaches several accounts."""
SHORTEST = 8
"""Characters. Anything shorter is no credential, and masking it everywhere would spoil honest texts."""


class Secret:
    """A credential that shows itself only to `reveal`; from its making on every log and message masks it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        keep_secret(value)

    def reveal(self) -> str:
        """The credential itself, for the request that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("a credential is not written anywhere")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What was found for a connection: each credential with the place it came from; `missing` are needed ones."""

    account: str
    found: Mapping[str, Secret]
    sources: Mapping[str, str]
    missing: tuple[str, ...] = field(default=())

    def __getitem__(self, name: str) -> str:
        return self.found[name].reveal()

    def get(self, name: str) -> str | None:
        """The credential, or None where it was not given."""
        return self.found[name].reveal() if name in self.found else None


def variable(account: str, name: str) -> str:
    """The environment variable of a credential: TOMKING_<ALIAS>_<NAME>."""
    return f"TOMKING_{re.sub('[^A-Za-z0-9]', '_', account)}_{name}".upper()


def service(account: str) -> str:
    """The name of the service under which the keyring holds an account's credentials."""
    return f"tomking/{account}"


def look_up(account: str, broker: str) -> Credentials:
    """Find a connection's credentials; the environment goes before the keyring.

    Raises ConfigurationError where one is too short to be a credential; what is missing is told, not raised.
    """
    found: dict[str, Secret] = {}
    sources: dict[str, str] = {}
    for name in (*NEEDED[broker], *OPTIONAL[broker]):
        named = variable(account, name)
        value, source = os.environ.get(named, "").strip(), f"environment {named}"
        if not value:
            value, source = _of_keyring(account, name).strip(), f"keyring {service(account)} {name}"
        if not value:
            continue
        if len(value) < SHORTEST:
            raise ConfigurationError(
                f"the {name} of account {account} has fewer than {SHORTEST} characters",
                where=source,
                remedy="store the credential as the broker shows it",
            )
        found[name], sources[name] = Secret(value), source
    missing = tuple(name for name in NEEDED[broker] if name not in found)
    return Credentials(account, found, sources, missing)


def how_to_store(account: str, names: tuple[str, ...]) -> str:
    """What to do about missing credentials."""
    variables = ", ".join(variable(account, name) for name in names)
    commands = "; ".join(f"keyring set {service(account)} {name}" for name in names)
    return f"set {variables}, or store it with the extra `keyring` installed: {commands}"


def _of_keyring(account: str, name: str) -> str:
    keyring = _keyring()
    if keyring is None:
        return ""
    try:
        return keyring.get_password(service(account), name) or ""
    except Exception as error:  # noqa: BLE001 (back ends raise whatever their system does)
        raise ConfigurationError(
            "the keyring of the operating system cannot be read",
            where=f"keyring {service(account)} {name}",
            why=f"{type(error).__name__}",
            remedy=f"unlock it, or set {variable(account, name)}",
        ) from None


def _keyring() -> Any:
    """The keyring package where it is installed and has a place to keep anything; else None."""
    try:
        keyring = importlib.import_module("keyring")
        nowhere = importlib.import_module("keyring.backends.fail").Keyring
    except ImportError:
        return None
    return None if isinstance(keyring.get_keyring(), nowhere) else keyring
