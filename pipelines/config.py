"""The configuration file: reading, checking and naming every setting.

Holds: the typed form of `tomking.toml`, its loader and the search for the file.
Belongs here: a setting that a user writes down (paths, accounts, deployments, universes, limits).
Never here: calibrated values (those are parameter sets) or credentials (environment or OS keyring only).
"""

from __future__ import annotations

import datetime as dt
import os
import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from pipelines.errors import ConfigurationError

CONFIG_NAME = "tomking.toml"
CONNECTED_BROKERS = ("tastytrade", "ibkr")
"""Brokers whose web service is spoken."""
_LOCAL = ("http://127.0.0.1", "http://localhost")
CONFIG_VARIABLE = "TOMKING_CONFIG"
RUN_MODES = ("backtest", "paper", "live", "optimization")
BACKENDS = ("native_engine", "lean_cli", "cloud")
BROKERS = ("tastytrade", "ibkr", "schwab", "tdameritrade")
BREACH_RULES: Mapping[str, str] = {
    "drawdown": "fall of the equity from its highest point since the set was applied, as a share",
    "rule_violations": "trades since then that broke a rule of the algorithm",
    "silent_guards": "guards that, fed a breach made up for them with the set's values, let it pass",
    "strayed_sets": "sets that the run applied since then though they were not deployed",
    "run_errors": "runs that ended in an error while they worked with the set",
    "failed_checks": "data checks of severity error that fail since then and name the run",
}
"""What a parameter set in force is watched for, by the name of its limit in `[rollback]`."""


class PathSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Folders, relative to the folder of `tomking.toml` unless absolute."""

    state: str = "state"
    lean_results: tuple[str, ...] = ("backtests", "live")
    object_store: str = "storage"
    inbox: str = "inbox"
    lean_data: str | None = None
    prices: tuple[str, ...] = ()


class AccountSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A brokerage account under its alias; the account number itself is never written anywhere."""

    alias: str
    broker: str = "tastytrade"
    plan: str = "standard"
    currency: str = "USD"
    opened: dt.date | None = None
    closed: dt.date | None = None


class ConnectionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That statements of an account are fetched from its broker. Credentials never stand here."""

    account: str
    queries: tuple[str, ...] = ()
    """Interactive Brokers: the ids of the Flex queries to run."""
    address: str | None = None
    """Another root of the service than the broker's own, for its sandbox."""


class SearchSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The space of an optimization: for each run parameter its lowest value, highest value and step, as texts."""

    parameters: dict[str, tuple[str, str, str]]
    target: str = "Sharpe Ratio"
    direction: str = "max"
    strategy: str = "Grid Search"


class EngineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What starting LEAN needs to know of this machine; no credential stands here.

    `secrets` maps a key of the engine's configuration to the environment variable that holds its value.
    """

    launcher: str | None = None
    """Folder of `QuantConnect.Lean.Launcher.dll` (native_engine)."""
    dotnet: str = "dotnet"
    python_library: str | None = None
    """Python 3.11's shared library, handed over as PYTHONNET_PYDLL (native_engine)."""
    environment: str = "live-paper"
    """Which environment of the engine's own configuration paper and live deployments run in (native_engine)."""
    settings: dict[str, str] = {}
    """Further keys of the engine's configuration, such as `data-queue-handler` (native_engine)."""
    secrets: dict[str, str] = {}
    lean: str = "lean"
    """LEAN's command line (lean_cli, cloud)."""
    workspace: str | None = None
    """The folder of `lean.json`, made by `lean init` (lean_cli, cloud)."""
    image: str | None = None
    """Engine image (lean_cli); None takes the command line's own."""
    live_arguments: tuple[str, ...] = ()
    """Arguments of `lean live deploy` or `lean cloud live deploy`: brokerage, data provider, node."""
    acknowledge_seconds: int = 900
    """How long a refresh waits for the running algorithm to say that it applied the set."""


class DeploymentSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a LEAN project runs: its mode decides whether an account reconciles with it.

    `results` are the folders of its runs; `account` is the account a live deployment trades in, `rehearses` the one
    whose statements a paper run or backtest is compared with for demonstration.
    """

    name: str
    project: str = "algorithm"
    mode: str = "backtest"
    account: str | None = None
    rehearses: str | None = None
    results: tuple[str, ...] = ()
    calibrate: bool = True
    """Whether the nightly loop calibrates and publishes parameter sets for this deployment."""
    backend: str | None = None
    """How LEAN is started for it: native_engine, lean_cli or cloud; None: it is started by other means."""
    parameters: dict[str, str] = {}
    """Run parameters handed to the algorithm, over those in the project's `config.json`."""
    cash: Decimal | None = None
    """What a paper deployment begins with, in the account currency, when no earlier run left anything."""
    search: SearchSettings | None = None
    """What an optimization varies."""


class UniverseSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Symbols whose correlations and regimes are followed together.

    `source` is the price source (`skfolio`, `lean`, `csv`); None takes whichever source has the symbol.
    `groups` maps a symbol to its group (sector) for the group means.
    """

    name: str
    symbols: tuple[str, ...]
    source: str | None = None
    groups: dict[str, str] = {}
    start: dt.date | None = None


class CalibrationSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the nightly calibration uses and how far a value may move at once."""

    universe: str | None = None
    data_through: dt.date | None = None
    """Fixed end of the data (rehearsals and demonstrations); None means the newest complete session."""
    effective_from: dt.date | None = None
    approve_by_rule: bool = True
    accept_fee_rates: bool = False
    """Rates that enough charges show well are accepted without a person."""


class RollbackSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a parameter set in force may do before it is taken back; a figure above its limit is a breach.

    `tomking breaches` and `marts.breach_watch` show the figures.
    """

    automatic: bool = True
    """Whether a rule takes the set back; otherwise the breach is written down and a person decides."""
    drawdown: Decimal = Decimal("0.10")
    """Fall of the equity since the set was applied, as a share of its highest point since then."""
    rule_violations: int = 0
    silent_guards: int = 0
    strayed_sets: int = 0
    run_errors: int = 0
    failed_checks: int = 0
    ignore: tuple[str, ...] = ()
    """Names of limits that are not watched."""
    rest_days: int = 30
    """Calendar days after a rollback in which the gate approves nothing by itself: new sets wait for a person."""


class LeanSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How LEAN's files are judged."""

    stale_after_hours: int = 2
    """A run whose files say `Running` and whose newest time inside is older than this was killed.

    The engine writes something at least every ten minutes as long as it lives.
    """


class RetentionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept for how long. None keeps for ever."""

    raw_days: int | None = None
    backups: int = 14


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything in `tomking.toml`; `root` is the folder the file lies in."""

    root: Path
    paths: PathSettings = PathSettings()
    lean: LeanSettings = LeanSettings()
    engine: EngineSettings = EngineSettings()
    accounts: tuple[AccountSettings, ...] = ()
    connections: tuple[ConnectionSettings, ...] = ()
    deployments: tuple[DeploymentSettings, ...] = ()
    universes: tuple[UniverseSettings, ...] = ()
    calibration: CalibrationSettings = CalibrationSettings()
    rollback: RollbackSettings = RollbackSettings()
    retention: RetentionSettings = RetentionSettings()

    def path(self, value: str) -> Path:
        """A configured path, absolute, relative to the configuration file."""
        return (self.root / Path(value).expanduser()).absolute()

    @property
    def state_dir(self) -> Path:
        """Where warehouse, raw store, published copy and Dagster's own history live."""
        return self.path(self.paths.state)

    @property
    def object_store(self) -> Path:
        """The root of LEAN's object store."""
        return self.path(self.paths.object_store)

    @property
    def inbox(self) -> Path:
        """Where statements are dropped."""
        return self.path(self.paths.inbox)

    @property
    def lean_results(self) -> tuple[Path, ...]:
        """Folders of runs that the sensor watches."""
        return tuple(self.path(folder) for folder in self.paths.lean_results)

    @property
    def stale_after(self) -> dt.timedelta:
        """Age of the newest time in a run's files after which a `Running` run counts as killed."""
        return dt.timedelta(hours=self.lean.stale_after_hours)

    def account(self, alias: str) -> AccountSettings | None:
        """The configured account of that alias, if any."""
        return next((account for account in self.accounts if account.alias == alias), None)

    def deployment(self, name: str) -> DeploymentSettings:
        """The configured deployment of that name.

        Raises ConfigurationError naming the ones there are.
        """
        for deployment in self.deployments:
            if deployment.name == name:
                return deployment
        known = ", ".join(deployment.name for deployment in self.deployments) or "none"
        raise ConfigurationError(
            f"no deployment is called {name!r}",
            where=str(self.root / CONFIG_NAME),
            why=f"configured: {known}",
            remedy="add a [[deployments]] table or name one of these",
        )


def find_config(explicit: Path | None = None) -> Path:
    """The configuration file: `--config`, then `TOMKING_CONFIG`, then the nearest one above the current folder.

    Raises ConfigurationError with the command that makes one.
    """
    remedy = "run `tomking init` in the folder that should hold the instance, or set TOMKING_CONFIG"
    if explicit is None and (named := os.environ.get(CONFIG_VARIABLE)):
        explicit = Path(named)
    if explicit is not None:
        candidate = explicit / CONFIG_NAME if explicit.is_dir() else explicit
        if not candidate.is_file():
            raise ConfigurationError("the configuration file is not there", where=str(candidate), remedy=remedy)
        return candidate.absolute()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / CONFIG_NAME).is_file():
            return folder / CONFIG_NAME
    raise ConfigurationError(f"no {CONFIG_NAME} here or above", where=str(here), remedy=remedy)


def load_settings(path: Path | None = None) -> Settings:
    """Read and check `tomking.toml`. Raises ConfigurationError naming file, key and what is allowed."""
    file = find_config(path)
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError("the configuration cannot be read", where=str(file), why=str(error)) from error
    return settings_from(document, file)


def settings_from(document: Mapping[str, Any], file: Path) -> Settings:
    """Turn a parsed TOML document into settings; `file` is named in errors and gives the root folder."""
    try:
        settings = msgspec.convert({**document, "root": str(file.parent)}, Settings, strict=True, dec_hook=_decode_path)
    except msgspec.ValidationError as error:
        raise ConfigurationError(
            "the configuration does not fit", where=str(file), why=str(error), remedy="see tomking.example.toml"
        ) from error
    _check(settings, file)
    return settings


def _decode_path(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(kind)


def _check(settings: Settings, file: Path) -> None:
    def refuse(why: str) -> ConfigurationError:
        return ConfigurationError("the configuration contradicts itself", where=str(file), why=why)

    for label, names in (
        ("account alias", [account.alias for account in settings.accounts]),
        ("connection of account", [connection.account for connection in settings.connections]),
        ("deployment name", [deployment.name for deployment in settings.deployments]),
        ("universe name", [universe.name for universe in settings.universes]),
    ):
        if repeated := _repeated(names):
            raise refuse(f"{label} {repeated!r} stands twice")
    aliases = {account.alias for account in settings.accounts}
    for account in settings.accounts:
        if account.broker not in BROKERS:
            raise refuse(f"account {account.alias!r}: broker {account.broker!r} is not one of {', '.join(BROKERS)}")
    for deployment in settings.deployments:
        if (why := _deployment_trouble(deployment, aliases)) is not None:
            raise refuse(f"deployment {deployment.name!r}: {why}")
    for connection in settings.connections:
        if (why := _wrong_connection(connection, settings)) is not None:
            raise refuse(f"the connection of account {connection.account!r} {why}")
    if (why := _wrong_rollback(settings.rollback)) is not None:
        raise refuse(f"[rollback] {why}")
    universes = {universe.name for universe in settings.universes}
    if settings.calibration.universe is not None and settings.calibration.universe not in universes:
        raise refuse(f"calibration.universe {settings.calibration.universe!r} is not configured")


def _wrong_rollback(rollback: RollbackSettings) -> str | None:
    """What is wrong with the limits of sets in force, as the end of a sentence."""
    if unknown := sorted(set(rollback.ignore) - set(BREACH_RULES)):
        return f"ignores {unknown[0]!r}, which is none of {', '.join(BREACH_RULES)}"
    if not 0 < rollback.drawdown <= 1:
        return f"has drawdown {rollback.drawdown}: a share above 0, at most 1"
    if negative := [name for name in (*BREACH_RULES, "rest_days") if getattr(rollback, name) < 0]:
        return f"has {negative[0]} below 0"
    return None


def _wrong_connection(connection: ConnectionSettings, settings: Settings) -> str | None:
    """What is wrong with a connection, as the end of a sentence."""
    account = settings.account(connection.account)
    if account is None:
        return "names an account that is not configured"
    if account.broker not in CONNECTED_BROKERS:
        return f"is to a broker that is not connected ({account.broker}; connected: {', '.join(CONNECTED_BROKERS)})"
    if Path(account.alias).name != account.alias or account.alias.startswith("."):
        return "cannot be named after its account: the alias is no name of a folder"
    if account.broker == "ibkr" and not connection.queries:
        return 'names no Flex query: queries = ["<id>"]'
    if any(not query.isdigit() for query in connection.queries):
        return "names a Flex query whose id is no number"
    if connection.address is not None and not connection.address.startswith(("https://", *_LOCAL)):
        return "has an address that does not begin with https://"
    return None


def _repeated(names: Sequence[str]) -> str | None:
    return next((name for position, name in enumerate(names) if name in names[:position]), None)


def _deployment_trouble(deployment: DeploymentSettings, aliases: set[str]) -> str | None:
    """What contradicts itself in one deployment."""
    if deployment.mode not in RUN_MODES:
        return f"mode {deployment.mode!r} is not one of {', '.join(RUN_MODES)}"
    if deployment.backend not in (None, *BACKENDS):
        return f"backend {deployment.backend!r} is not one of {', '.join(BACKENDS)}"
    if (deployment.mode == "optimization") != (deployment.search is not None):
        return "an optimization, and nothing else, has a `search` table"
    for alias in (deployment.account, deployment.rehearses):
        if alias is not None and alias not in aliases:
            return f"it names account {alias!r}, which is not configured"
    if deployment.account is not None and deployment.mode != "live":
        return (
            f"it is {deployment.mode}: only a live deployment trades in an account; "
            "use `rehearses` to compare its figures with one"
        )
    return None
