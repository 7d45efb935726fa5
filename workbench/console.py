"""What the command line prints, and how it ends: results on stdout, progress on stderr, exit codes."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, TextIO

from workbench.errors import DONE, UNEXPECTED, WorkbenchError

INTERRUPTED, TERMINATED = 130, 143
EXIT_CODES = (
    "Exit codes: 0 done, 1 unexpected, 2 usage or parameters, 3 data rejected, "
    "4 finished but a check failed, 5 engine missing, 130 interrupted."
)


class Stopped(BaseException):
    """The work was stopped from outside; whoever is ready for any error is not ready for this one."""

    def __init__(self, code: int, word: str) -> None:
        super().__init__(word)
        self.code, self.word = code, word


class CannotPrint(WorkbenchError):
    """Stdout does not take what is printed."""

    exit_code = UNEXPECTED


def show(what: object) -> None:
    """Print a result: a text as it is, anything else as JSON."""
    text = what if isinstance(what, str) else json.dumps(what, ensure_ascii=False, indent=1)
    if (error := _put(sys.stdout, text.rstrip("\n"))) is not None:
        raise CannotPrint(f"The result could not be printed ({error.strerror}): print it somewhere else.")


def say(what: str) -> None:
    """Print progress; where the work was told to stop and something held that up, it stops here."""
    if _orders:
        raise _orders[-1]
    _put(sys.stderr, what)


def stoppable(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let Ctrl-C end a command as `finish` says, whatever the argument parser would make of it."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return command(*args, **options)
        except KeyboardInterrupt as error:
            raise Stopped(INTERRUPTED, "interrupted") from error

    return run


def finish(command: Callable[[], Any], *, traceback: Callable[[], bool] = lambda: False) -> int:
    """
    Run a command and turn every end into its exit code.

    Parameters
    ----------
    command
        Runs to its end, or raises.
    traceback
        Asked, when something unexpected is raised, whether to let it through.
    """
    try:
        command()
    except Stopped as error:
        return _stopped(error)
    except WorkbenchError as error:
        if _orders:
            return _stopped(_orders[-1])
        _put(sys.stderr, f"error: {error.message}")
        return error.exit_code
    except KeyboardInterrupt:
        _put(sys.stderr, "interrupted")
        return INTERRUPTED
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else DONE if end.code is None else UNEXPECTED
    except BaseException as error:
        if traceback() or not (isinstance(error, Exception) or type(error).__name__ == "PanicException"):
            raise
        if _orders:  # an engine that was stopped in a callback may say so in an error of its own
            return _stopped(_orders[-1])
        _put(sys.stderr, f"error: {_unexpected(error)}")
        return UNEXPECTED
    return DONE


def _stopped(order: Stopped) -> int:
    _put(sys.stderr, order.word)
    return order.code


def take_over() -> None:
    """Print UTF-8 whatever the terminal says, and end tidily when asked to."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    signal.signal(signal.SIGTERM, _stopper(TERMINATED, "terminated"))
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stopper(INTERRUPTED, "interrupted"))
    sys.unraisablehook = _unraisable


_orders: list[Stopped] = []
"""What this process was told from outside. An exception raised in a callback of an engine goes no further."""


def _stopper(code: int, word: str) -> Callable[[int, object], None]:
    owner = os.getpid()

    def stop(number: int, _: object) -> None:
        if os.getpid() != owner:  # a worker that was forked has its parent's handlers
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        _orders.append(Stopped(code, word))
        raise _orders[-1]

    return stop


def _unraisable(told: sys.UnraisableHookArgs) -> None:
    if not _orders:  # of a process that was told to stop, what was left half done is no news
        sys.__unraisablehook__(told)


def _unexpected(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        where = f" '{error.filename}'" if error.filename else ""
        return f"{error.strerror}{where}: check that the disk has room and that you may read and write there."
    if isinstance(error, MemoryError):
        return "the memory of this machine is not enough: use --engine dask or spark, or fewer days."
    return (
        f"unexpected {type(error).__name__}: {str(error).strip() or 'no more is known'}. This is a fault of "
        "the workbench: please report it, with what `workbench --traceback ...` prints."
    )


def _put(stream: TextIO | None, text: str) -> OSError | None:
    """
    Print a line; give the error where that cannot be done.

    A reader who has seen enough (`| head -1`) is no error: the rest, and Python's own flush at the end, go
    nowhere.
    """
    if stream is None:
        return None
    try:
        stream.write(f"{text}\n")
        stream.flush()
    except OSError as error:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        return None if isinstance(error, BrokenPipeError) else error
    return None
