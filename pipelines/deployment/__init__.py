"""Deployment: how LEAN is started, refreshed and stopped.

Holds: three ways to start LEAN behind one interface (`native_engine`, `lean_cli`, `cloud`), the staged copy of the
project, processes and their output.
Belongs here: command lines, configuration files and folders of LEAN and of its tools.
Never here: the warehouse (`pipelines.steps.launches.deploying` records what happens), Dagster, parameter values.
"""
