"""Where benchmarks are run: on one thread, and on which machine. Imports the standard library only."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

# These are read when NumPy, PyTorch and JAX are loaded, which is why they have to be there before.
ONE_THREAD: Final = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}


def is_single_threaded() -> bool:
    """Whether everything is told to use one thread."""
    return all(value in os.environ.get(name, "").split() for name, value in ONE_THREAD.items())


def again(arguments: Sequence[str]) -> int:
    """Run the command anew, on one thread; its exit status."""
    flags = f"{os.environ.get('XLA_FLAGS', '')} {ONE_THREAD['XLA_FLAGS']}".strip()
    environment = {**os.environ, **ONE_THREAD, "XLA_FLAGS": flags}
    with subprocess.Popen([sys.executable, "-m", "benchmarks", *arguments], env=environment) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the process gets it, too, and reports what it has done
                continue


def processor() -> str:
    """The name of the CPU."""
    told = Path("/proc/cpuinfo")
    for line in told.read_text(encoding="utf-8").splitlines() if told.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
