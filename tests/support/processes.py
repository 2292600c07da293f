"""Processes of their own for a command that is to be killed, or to be held to limits.

Forked from one without threads that has run each command already: what a command reads when it
is first used takes longer than most that a test lets it do.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from unittest import mock

READ_BEFORE = ("pytest", "hypothesis", "datasette.app", "commands_run")


def fork_server() -> ForkServerContext:
    """Return what starts such processes; all tests of one run share the process they come from."""
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(list(READ_BEFORE))
    # Python 3.11 does not tell it where modules are, and passes over those it does not find.
    here = {"PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1"}
    with mock.patch.dict(os.environ, here):
        forkserver.ensure_running()
    return processes
