"""For the tests of the command: files with ops, right and wrong ones, and what it reports."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TypedDict

ROOT = Path(__file__).resolve().parents[1]

GOOD = """\
import warnings
import numpy as np
from tinypytorch import Case, Spec
from tinypytorch.ops.elementwise import Sin

class Product:
    def forward(self, a, b):
        print("a forward that prints")
        warnings.warn("a forward that warns")
        return a * b
    def backward_a(self, gy, y, a, b): return gy * b
    def backward_b(self, gy, y, a, b): return gy * a

class Leaky:
    def __init__(self, slope): self.slope = slope
    def __repr__(self): return f"Leaky({self.slope})"
    spec = Spec(kink="slope at 0", cases=lambda: (Case(Leaky(0.5), ((3,),)), Case(Leaky(0.25), ((2, 2),))))
    def forward(self, x): return np.where(x > 0, x, self.slope * x)
    def backward(self, gy, y, x): return gy * np.where(x > 0, 1.0, self.slope)
"""

WRONG = """\
import ctypes, os
import numpy as np

class Sign:
    def forward(self, x): return np.cos(x)
    def backward(self, gy, y, x): return gy * np.sin(x)

class Exits:
    def forward(self, x): os._exit(3)
    def backward(self, gy, y, x): return gy

class Segfaults:
    def forward(self, x): ctypes.string_at(0)
    def backward(self, gy, y, x): return gy

class Hangs:
    def forward(self, x):
        while True: pass
    def backward(self, gy, y, x): return gy
"""

SUBTLE = """\
import numpy as np

class Factor:
    def forward(self, x): return x * x
    def backward(self, gy, y, x): return gy * x

class Shape:
    def forward(self, *xs):
        a, b = xs
        return a * b
    def backward_all(self, gy, y, xs, needs): return gy * xs[1], (gy * xs[0]).sum(axis=0)

class Float32:
    def forward(self, x): return x * np.float32(0.1)
    def backward(self, gy, y, x): return gy * 0.1

class Buffer:
    def forward(self, x):
        y = np.zeros(x.shape)
        y[...] = x * x * x
        return y
    def backward(self, gy, y, x): return gy * 3.1 * x * x

class Asserts:
    def forward(self, x):
        assert x.ndim == 7, "seven axes"
        return x
    def backward(self, gy, y, x): return gy

class Quits:
    def forward(self, x): raise SystemExit(4)
    def backward(self, gy, y, x): return gy
"""

MISUSED = {
    "missing.py": "there is no file missing.py",
    "imports.py": "No module named 'nonesuch' (imports.py, line 2: import nonesuch)",
    "syntax.py": "syntax.py, line 1: ",
    "quits.py": "it ends the program (sys.exit)",
    "nothing.py": "or backward_all (any number); Half has a forward, but no rule",
    "nothing.py:Half": "Half has a forward, but no rule",
    "nothing.py:One": "One has backward_a, but no backward_b",
    "nothing.py:number": "number is no op",
    "nothing.py:Hlf": "did you mean nothing.py:Half?",
    "needs.py": "Needs() needs arguments",
    "mising.py": "there is no file mising.py",
    "god.py": "there is good.py",
    "nosuchmodule:Op": "there is no module nosuchmodule",
}
FILES = {
    "good.py": GOOD,
    "wrong.py": WRONG,
    "subtle.py": SUBTLE,
    "imports.py": "\nimport nonesuch\n",
    "syntax.py": "def f(x:\n",
    "quits.py": "raise SystemExit('bye')\n",
    "needs.py": "class Needs:\n def __init__(self, n): pass\n def forward(self, x): return x\n backward = forward\n",
    "nothing.py": """\
class Half:
    def forward(self, x): return x
class One:
    def forward(self, a, b): return a
    def backward_a(self, gy, y, a, b): return gy
number = 3
def f(x): return x * x
""",
}


# What the command reports in JSON.


class Target(TypedDict):
    target: str
    verdict: str
    programs: int
    references: list[str]
    suspicion: str
    text: str
    seconds: float


class Discovery(TypedDict):
    title: str
    script: str


class Library(TypedDict):
    library: str
    verdict: str
    finished: bool
    right: int
    discoveries: list[Discovery]


class Content(TypedDict):
    exit: int
    seconds: float
    targets: list[Target]
    libraries: list[Library]
    coverage: dict[str, dict[str, int]]


def in_folder(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """The command as a process."""
    return subprocess.Popen(
        [sys.executable, "-m", "tinypytorch", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
