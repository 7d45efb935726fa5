"""What the command line prints, and how it ends: results on stdout, progress on stderr, exit codes."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn, TextIO

from workbench.errors import DONE, UNEXPECTED, WorkbenchError

INTERRUPTED, TERMINATED = 130, 143
EXIT_CODES = (
    "Exit codes: 0 done, 1 unexpected, 2 usage or parameters, 3 data rejected, "
    "4 finished but a check failed, 5 engine missing, 130 interrupted."
)


class Stopped(Exception):
    """The work was stopped from outside."""

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
    """Print progress, or an error."""
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
    except WorkbenchError as error:
        say(f"error: {error.message}")
        return error.exit_code
    except Stopped as error:
        say(error.word)
        return error.code
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else DONE if end.code is None else UNEXPECTED
    except BaseException as error:
        if traceback() or not (isinstance(error, Exception) or type(error).__name__ == "PanicException"):
            raise
        say(f"error: {_unexpected(error)}")
        return UNEXPECTED
    return DONE


def take_over() -> None:
    """Print UTF-8 whatever the terminal says, and end tidily when asked to."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    signal.signal(signal.SIGTERM, _terminate)


def _terminate(*_: object) -> NoReturn:
    raise Stopped(TERMINATED, "terminated")


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
