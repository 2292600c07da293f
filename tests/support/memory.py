"""How much memory a process took at most."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak() -> int:
    """Return the peak of this process in bytes, since it was started as a program.

    `ru_maxrss` is no measure of a child: Linux lets it begin with the size of the process that
    forked it, before `exec` too, so a test run of 600 MB makes each of its children as large.
    """
    if STATUS.exists():
        lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1_024
    unit = 1 if sys.platform == "darwin" else 1_024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
