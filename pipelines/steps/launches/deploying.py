"""Launches: deploying, refreshing, stopping, and the record of it.

Holds: what a launch is made of (staged code, published set, portfolio), its commands carried out, its events.
Belongs here: the order of things when LEAN is started, told anew, or stopped.
Never here: command lines (`pipelines.deployment`), publishing itself (`pipelines.steps.parameters.publishing`).

The writer's lock is held only while something is written down, never while LEAN runs.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.config import DeploymentSettings, Settings
from pipelines.deployment import supervise
from pipelines.deployment.backends import BACKENDS, backend_of
from pipelines.deployment.launches import Command, LaunchRequest, last_lines
from pipelines.deployment.lean_cli import OUTPUT_NAME
from pipelines.deployment.native_engine import secret_values
from pipelines.deployment.processes import Mask, is_alive, run, stop
from pipelines.deployment.staging import Staged, stage
from pipelines.errors import Conflict, NotFound, TomkingError
from pipelines.steps.ingest import IngestReport, ingest_paths
from pipelines.steps.launches import log
from pipelines.steps.launches.portfolio import portfolio_left
from pipelines.steps.lean.journals import ingest_journals, link_journals
from pipelines.steps.parameters.acknowledgements import acknowledge
from pipelines.steps.parameters.log import history_of
from pipelines.steps.parameters.publishing import publish
from tomking.kernel.contracts import current_key, history_key, parameter_key
from tomking.kernel.parameters import History
from warehouse.access import Warehouse

LAUNCHES = "launches"
PROJECT = "project"
_PATIENCE = 60.0
"""Seconds an engine gets for an orderly stop."""
_COMMAND_TIMEOUT = 1800.0

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class LaunchOutcome:
    """What a deployment came to; `run_id` is None while LEAN runs, or where it wrote nothing."""

    launch_id: str
    deployment: str
    backend: str
    mode: str
    state: str
    parameter_set_id: str | None
    parameter_sha256: str | None
    code_sha256: str
    results_folder: str
    run_id: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A launch before anything was started: what would run, for `--dry-run` and for the launch itself."""

    request: LaunchRequest
    staged: Staged
    history: History
    commands: tuple[Command, ...]


class Launcher:
    """Starts, refreshes and stops LEAN for the deployments of one instance."""

    def __init__(self, warehouse: Warehouse, settings: Settings, report: Report | None = None) -> None:
        self.warehouse, self.settings = warehouse, settings
        self.report = report or (lambda line: None)

    # --- deploying ---------------------------------------------------------------------------------------------------

    def deploy(
        self, name: str, *, by: str, why: str, reference: str | None = None, flat: bool = False
    ) -> LaunchOutcome:
        """Publish the set in force, stage the project, start LEAN; a backtest is waited for and read.

        `reference` names a set to publish first. `flat`: a paper run begins with the configured cash, whatever the run
        before left. Raises ConfigurationError, Conflict where the deployment runs already, and TomkingError where LEAN
        could not be started; that launch is then recorded as failed.
        """
        plan = self.plan(name, by=by, reference=reference, flat=flat)
        request = plan.request
        with self.warehouse.writer(f"deploy {name}") as session:
            log.record(
                session, request, plan.staged, plan.history, project=self._project(request.deployment), by=by, why=why
            )
        self.note(request, "starting", by)
        try:
            self.carry_out(request, plan.commands)
        except TomkingError as error:
            self.note(request, "failed", by, detail=str(error))
            raise
        except KeyboardInterrupt:
            self._end(request)
            self.note(request, "stopped", by, detail="by hand, while it ran")
            raise
        if request.is_live:
            self.note(request, "running", by)
            return self._outcome(request)
        ended = supervise.how_it_ended(request.work)
        detail = None if ended is None else f"exit code {ended.exit_code}"
        self.note(request, "ended", by, detail=detail)
        self.take_in(request)
        return self._outcome(request)

    def preview(self, name: str, *, flat: bool = False) -> Plan:
        """What `deploy` would start with the sets that are published now. Nothing is started, published or left behind."""
        plan = self.plan(name, by="", flat=flat, publishing=False)
        if plan.request.deployment.backend != "cloud":
            shutil.rmtree(plan.staged.folder.parent, ignore_errors=True)
        return plan

    def plan(
        self, name: str, *, by: str, reference: str | None = None, flat: bool = False, publishing: bool = True
    ) -> Plan:
        """Publish the set that is due, stage the project, check what is needed. Raises ConfigurationError, Conflict."""
        deployment = self.settings.deployment(name)
        backend = backend_of(deployment)
        with self.warehouse.writer(f"plan {name}") as session:
            running = log.running(session, name)
            if running and deployment.mode in ("paper", "live"):
                raise Conflict(
                    f"{name} runs already: {running[0].launch_id}",
                    remedy=f"`tomking stop {name}`, or `tomking refresh {name}`",
                )
            if publishing:
                publish(session, self.settings, name, reference, by=by)
            history = history_of(session, name)
            launch_id = log.fresh_id(session, name)
            portfolio = None
            if deployment.mode == "paper":
                portfolio = portfolio_left(session, deployment, flat=flat)
        staged = self._stage(deployment, launch_id, history)
        request = LaunchRequest(
            launch_id=launch_id,
            deployment=deployment,
            engine=self.settings.engine,
            project=staged.folder,
            results=self._results(deployment, staged, launch_id),
            work=self.settings.state_dir / LAUNCHES / launch_id,
            object_store=self.settings.object_store,
            data_folder=self.settings.path(self.settings.paths.lean_data) if self.settings.paths.lean_data else None,
            algorithm_id=_algorithm_id(deployment, launch_id),
            class_name=staged.class_name,
            parameters=staged.project_parameters,
            documents=_documents(name, history),
            portfolio=portfolio,
        )
        backend.check(request)
        return Plan(request, staged, history, backend.start(request))

    def _stage(self, deployment: DeploymentSettings, launch_id: str, history: History) -> Staged:
        parameters = {**deployment.parameters, "deployment": deployment.name, "run": launch_id}
        if history.entries:
            parameters |= {
                "parameter_set": history.entries[-1].id,
                "parameter_set_sha256": history.entries[-1].sha256,
            }
        project = self._project(deployment)
        if deployment.backend == "cloud":
            # One project in the cloud goes on under its id; its folder keeps its name.
            target = self._staging_root(deployment) / f"tomking-{deployment.name}"
            return stage(project, target, parameters, keep_ids_of=target)
        return stage(project, self._staging_root(deployment) / launch_id / PROJECT, parameters)

    def _project(self, deployment: DeploymentSettings) -> Path:
        return self.settings.path(deployment.project)

    def _staging_root(self, deployment: DeploymentSettings) -> Path:
        """LEAN's command line only takes projects below its workspace; the state folder may lie elsewhere."""
        workspace = self.settings.engine.workspace
        if deployment.backend != "native_engine" and workspace is not None:
            return Path(workspace).expanduser().absolute() / "tomking-deployments"
        return self.settings.state_dir / LAUNCHES

    def _results(self, deployment: DeploymentSettings, staged: Staged, launch_id: str) -> Path:
        is_live = deployment.mode in ("paper", "live")
        if deployment.backend == "lean_cli" and is_live:
            # `lean live command` and `lean live stop` find a container only by the newest folder there.
            return staged.folder / "live" / dt.datetime.now().strftime(OUTPUT_NAME)  # noqa: DTZ005 - local, as theirs
        if deployment.results:
            return self.settings.path(deployment.results[0]) / launch_id
        folders = self.settings.lean_results
        wanted = "live" if is_live else "backtests"
        return next((folder for folder in folders if folder.name == wanted), folders[0]) / launch_id

    def carry_out(self, request: LaunchRequest, commands: Sequence[Command]) -> None:
        """Run the commands in order. Raises TomkingError for the first that fails."""
        request.work.mkdir(parents=True, exist_ok=True)
        request.results.mkdir(parents=True, exist_ok=True)
        secrets = tuple(secret_values(request).values()) if request.deployment.backend == "native_engine" else ()
        for command in commands:
            self.report(command.about)
            if command.supervised:
                supervise.spawn(command, request.work, secrets, goes_on=request.is_live)
                if not request.is_live:
                    supervise.wait(request.work, request.results, self.report)
                    _refuse_silence(request)
                continue
            output = request.work / supervise.OUTPUT
            finished = run(command, output, Mask(secrets), timeout=_COMMAND_TIMEOUT, on_line=self.report)
            if command.tells is not None and (found := command.tells(finished)) is not None:
                with self.warehouse.writer(f"{request.launch_id} in the cloud") as session:
                    log.note_cloud_run(session, request.launch_id, found)
            reason = command.fails(finished) if command.fails is not None else None
            if reason is not None:
                raise TomkingError(f"{command.about} failed", where=str(output), why=reason)

    def take_in(self, request: LaunchRequest) -> IngestReport:
        """Read what the run wrote: its results and its journal."""
        with self.warehouse.writer(f"ingest {request.launch_id}") as session:
            report = ingest_paths(session, self.settings, [request.results])
            ingest_journals(session, request.object_store, request.deployment.name)
            link_journals(session)
            acknowledge(session)
        self.warehouse.publish()
        return report

    # --- while it runs -----------------------------------------------------------------------------------------------

    def stop(self, name: str, *, by: str, why: str) -> LaunchOutcome:
        """Stop the running launch of a deployment and read what it left. Raises NotFound where none runs."""
        request = self.running(name)
        self.note(request, "stopping", by, detail=why)
        detail = self._end(request)
        self.note(request, "stopped", by, detail=f"{why}; {detail}")
        self.take_in(request)
        return self._outcome(request)

    def _end(self, request: LaunchRequest) -> str:
        commands = BACKENDS[request.deployment.backend or ""].stop(request)
        if commands is None:
            process = supervise.process_of(request.work)
            return "gone" if process is None else f"ended by {stop(process, patience=_PATIENCE)}"
        self.carry_out(request, commands)
        return f"by {commands[-1].about}"

    def running(self, name: str) -> LaunchRequest:
        """The running launch of a deployment as it was started; those that ended by themselves are noted first. Raises NotFound."""
        self.look_after(name)
        with self.warehouse.writer(f"look for {name}") as session:
            found = log.running(session, name)
        if not found:
            raise NotFound(f"nothing runs for {name!r}", remedy=f"`tomking deploy {name}`")
        return self._request_of(found[0])

    def _request_of(self, launch: log.StoredLaunch) -> LaunchRequest:
        deployment = self.settings.deployment(launch.deployment)
        root = self._staging_root(deployment)
        project = (
            root / f"tomking-{deployment.name}" if deployment.backend == "cloud" else root / launch.launch_id / PROJECT
        )
        with self.warehouse.writer(f"history of {deployment.name}") as session:
            documents = _documents(deployment.name, history_of(session, deployment.name))
        return LaunchRequest(
            launch_id=launch.launch_id,
            deployment=deployment,
            engine=self.settings.engine,
            project=project,
            results=Path(launch.results_folder),
            work=self.settings.state_dir / LAUNCHES / launch.launch_id,
            object_store=self.settings.object_store,
            data_folder=None,
            algorithm_id=launch.algorithm_id,
            class_name="",
            parameters=json.loads(launch.parameters),
            documents=documents,
        )

    def look_after(self, name: str | None = None) -> int:
        """Note which launches have ended by themselves; returns how many. A process that is gone is no longer running."""
        with self.warehouse.writer("look after launches") as session:
            running = log.running(session, name)
        ended = 0
        for launch in running:
            folder = self.settings.state_dir / LAUNCHES / launch.launch_id
            process = supervise.process_of(folder)
            if launch.backend != "native_engine" or (process is not None and is_alive(process)):
                continue
            how = supervise.how_it_ended(folder)
            detail = "its process is gone" if how is None else f"exit code {how.exit_code}"
            with self.warehouse.writer(f"{launch.launch_id} ended") as session:
                log.add_event(session, launch.launch_id, "ended", actor="supervisor", detail=detail)
            ended += 1
        return ended

    # --- the record --------------------------------------------------------------------------------------------------

    def note(
        self, request: LaunchRequest, state: str, actor: str, *, detail: str | None = None, sha256: str | None = None
    ) -> None:
        """Write down what just happened to a launch."""
        with self.warehouse.writer(f"{request.launch_id} {state}") as session:
            log.add_event(session, request.launch_id, state, actor=actor, detail=detail, sha256=sha256)

    def _outcome(self, request: LaunchRequest) -> LaunchOutcome:
        with self.warehouse.writer(f"outcome of {request.launch_id}") as session:
            [row] = session.rows(
                "SELECT launch_id, deployment, backend, mode, state, parameter_set_id, parameter_sha256, code_sha256, "
                "results_folder, run_id, detail FROM marts.launches WHERE launch_id = ?",
                [request.launch_id],
            )
        return LaunchOutcome(*row)


def _refuse_silence(request: LaunchRequest) -> None:
    """An engine that wrote nothing did not run, whatever its exit code."""
    if not any(path.is_file() for path in request.results.rglob("*.json")):
        output = request.work / supervise.OUTPUT
        tail = last_lines(output.read_text(encoding="utf-8", errors="replace")) if output.is_file() else ""
        raise TomkingError("LEAN ended without a result", where=str(output), why=tail or None)


def _documents(name: str, history: History) -> tuple[str, ...]:
    """Keys of the deployment's documents, in the order in which they have to appear."""
    if not history.entries:
        return ()
    sets = dict.fromkeys(parameter_key(name, entry.id) for entry in history.entries)
    return (*sets, history_key(name), current_key(name))


def _algorithm_id(deployment: DeploymentSettings, launch_id: str) -> str:
    """LEAN's command line gives a live run `L-3` and nine digits; the engine itself takes any id."""
    if deployment.mode not in ("paper", "live"):
        return launch_id
    began = dt.datetime.strptime(launch_id.rpartition("-")[2], log.STAMP).replace(tzinfo=dt.UTC)
    return f"L-3{int(began.timestamp()) % 10**9:09d}"
