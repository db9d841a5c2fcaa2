"""Floor 6: worker processes, which may hang or die without harm to the others. Imports `tasks` and `targets`.

Processes are spawned, not forked. What a target writes goes nowhere; what Python says of a crash goes to a log, from
which `Lost` tells where it was.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import re
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Final, TypeAlias

from tinypytorch.command.tasks import Builtin, Check, Find, Found, Outcome, Row, Search, Searched, Task, perform
from tinypytorch.testing.whose import is_yours

_Pipe: TypeAlias = "Connection[object, object]"
# How often progress is told, in seconds, and after which part of the time without any a worker says where it is.
_OFTEN: Final = 0.1
_DUMP: Final = 0.8
# How long a worker gets to start, and to end by itself.
_START: Final = 60.0
_GRACE: Final = 2.0


@dataclass(frozen=True)
class Lost:
    """A task whose process hung or ended, and what is known of it."""

    outcome: Outcome
    text: str


Result: TypeAlias = Found | Row | Searched | Lost
# Called with a task's number, and how many of its programs are done.
Heard: TypeAlias = Callable[[int, int], None]


def serve(pipe: _Pipe, log: str, timeout: float) -> None:
    """What a worker process does until its pipe is closed."""
    _quiet(log)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    told = 0.0

    def tell(done: int | Searched) -> None:
        nonlocal told
        if isinstance(done, Searched) or time.monotonic() - told > _OFTEN:
            told = time.monotonic()
            faulthandler.dump_traceback_later(_DUMP * timeout)
            pipe.send(done)

    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        if isinstance(task, (Find, Builtin, Check, Search)):
            pipe.send(0)  # from now on its time counts
            faulthandler.dump_traceback_later(_DUMP * timeout)
            answer = perform(task, tell)
            faulthandler.cancel_dump_traceback_later()
            pipe.send(answer)


def _quiet(log: str) -> None:
    """Standard output to nowhere, errors to a log; and no files beside somebody's source."""
    sys.dont_write_bytecode = True
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    nowhere, file = os.open(os.devnull, os.O_RDWR), os.open(log, os.O_WRONLY | os.O_CREAT)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.dup2(file, 2)
    faulthandler.enable()
    warnings.simplefilter("ignore")


def _end_with_parent() -> None:
    """End when the process that started this one ends, whatever is being computed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


class _Worker:
    """A process, the task that it has, and until when it must be heard of."""

    def __init__(self, log: Path, timeout: float) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.log, self.timeout = log, timeout
        self.number, self.until = -1, 0.0
        self.process = context.Process(target=serve, args=(theirs, str(log), timeout), daemon=True)
        with _no_interrupt():
            self.process.start()
        theirs.close()

    def give(self, number: int, task: Task) -> None:
        """Give it a task to do."""
        self.number = number
        self.until = time.monotonic() + self.timeout + _START
        try:
            self.pipe.send(task)
        except OSError:  # it is gone, which `answer` will find
            return

    def heard(self) -> None:
        """Note that it made progress."""
        self.until = time.monotonic() + self.timeout

    def answer(self) -> Result | int | None:
        """What it says: a result, or how many programs it has done; None for nothing, yet."""
        try:
            if self.pipe.poll():
                message = self.pipe.recv()
                return message if isinstance(message, (Found, Row, Searched, int)) else None
        except (EOFError, OSError):
            self.process.join(_GRACE)
        if not self.process.is_alive():
            return Lost(Outcome.CRASHED, _ended(self.process.exitcode) + self._where())
        if time.monotonic() > self.until:
            text = f"nothing came of it for {self.timeout:g} s" + self._where()
            return Lost(Outcome.HUNG, f"{text}\nif it is just slow, give it a longer --timeout")
        return None

    def _where(self) -> str:
        """Where in somebody's own code the process was, if its log tells; and Python's first words on a crash."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        text = text.rsplit("Timeout (", 1)[-1]
        fatal = re.search(r"^Fatal Python error: (.*)$", text, re.MULTILINE)
        found = f": {fatal[1]}" if fatal else ""
        for path, line, name in re.findall(r'^  File "(.*)", line (\d+) in (.*)$', text, re.MULTILINE):
            if is_yours(path):
                return f"{found}\nit was in {Path(path).name}, line {line}, in {name}"
            if name == "smallest":
                return f"{found}\na counterexample was found, and was being made smaller"
        return found

    def end(self) -> None:
        """Let the process end by itself."""
        self.pipe.close()
        self.process.join(_GRACE)

    def kill(self) -> None:
        """End the process at once."""
        self.process.kill()
        self.process.join()


def _ended(code: int | None) -> str:
    """How a process ended, in words."""
    if code is not None and code < 0:
        names = {int(s): s.name for s in signal.Signals}
        return f"the process was ended by {names.get(-code, f'signal {-code}')}"
    return f"it ended the process, with exit code {code}"


@contextmanager
def _no_interrupt() -> Generator[None]:
    """Ctrl-C waits until the end of the block, and never reaches the processes that are started in it."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def run(tasks: Sequence[Task], jobs: int, timeout: float, heard: Heard) -> Generator[tuple[int, Result]]:
    """Do the tasks in `jobs` processes; each one's number with its result, as they come; of a search, others before.

    Tasks that run somebody's code get a process of their own; those on the package's own ops share them.
    """
    waiting = list(enumerate(tasks))[::-1]
    busy: list[_Worker] = []
    idle: list[_Worker] = []
    ended: list[_Worker] = []
    count = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as logs:
        try:
            while waiting or busy:
                while waiting and len(busy) < jobs:
                    number, task = waiting.pop()
                    count += not idle
                    worker = idle.pop() if idle else _Worker(Path(logs) / str(count), timeout)
                    worker.give(number, task)
                    busy.append(worker)
                for worker in _heard_of(busy):
                    answer = worker.answer()
                    if isinstance(answer, int):
                        worker.heard()
                        heard(worker.number, answer)
                    elif isinstance(answer, Searched) and not answer.finished:
                        worker.heard()
                        yield worker.number, answer
                    elif answer is not None:
                        busy.remove(worker)
                        if isinstance(answer, Lost):
                            worker.kill()
                        elif isinstance(tasks[worker.number], Builtin):
                            idle.append(worker)
                        else:
                            worker.pipe.close()
                            ended.append(worker)
                        yield worker.number, answer
            for worker in (*idle, *ended):
                worker.end()
        finally:
            for worker in (*busy, *idle, *ended):
                worker.kill()


def _heard_of(busy: Sequence[_Worker]) -> list[_Worker]:
    """Wait until a worker says something, ends, or is late; those which did."""
    first = min(worker.until for worker in busy)
    ready = wait([x for w in busy for x in (w.pipe, w.process.sentinel)], max(0.0, first - time.monotonic()))
    now = time.monotonic()
    return [w for w in busy if w.pipe in ready or w.process.sentinel in ready or now > w.until]
