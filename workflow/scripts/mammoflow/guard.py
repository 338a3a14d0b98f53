"""Runs a function in a child process, because a decoder may hang, crash or eat all memory."""

import ctypes
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

# Fork: the child needs no second import of the libraries, and a Snakemake script cannot be imported again.
_CONTEXT = multiprocessing.get_context("fork")

# Numbers of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3


class Died(Exception):
    """The child died or was killed at its limit; `reason` is decoder_crash or decoder_timeout."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Killed(Exception):
    """Somebody else killed the child, as no broken file does."""


class Guard:
    """A child process that calls `function` on what it is given, one call at a time; replaced whenever it dies.

    Parameters
    ----------
    function
        Called in the child; its argument and its result are sent through a pipe.
    seconds
        Wall-clock limit of a call.
    gigabytes
        Limit of the address space that the child takes over what it begins with; a function that needs more gets a
        MemoryError.
    """

    def __init__(self, function: Callable[[Any], Any], *, seconds: float, gigabytes: float) -> None:
        self._function = function
        self._seconds = seconds
        self._bytes = int(gigabytes * 2**30)
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def __call__(self, argument: Any) -> Any:
        """The function's result, or the error that it raises.

        A child that somebody else killed, a system without memory as a rule, is given the argument once more.

        Raises
        ------
        Died
            If the child does not answer in time, or is no more.
        """
        for _ in range(2):
            try:
                return self._call(argument)
            except _Killed:
                continue
        raise Died("decoder_crash")

    def _call(self, argument: Any) -> Any:
        try:
            self._pipe.send(argument)
            if not self._pipe.poll(self._seconds):
                self._restart()
                raise Died("decoder_timeout")
            done, answer = self._pipe.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            # Its end of the pipe closes a moment before it can be waited for.
            self._child.join(timeout=self._seconds)
            was_killed = self._child.exitcode == -signal.SIGKILL
            self._restart()
            raise _Killed if was_killed else Died("decoder_crash") from None
        if not done:
            raise answer
        return answer

    def _start(self) -> None:
        self._pipe, theirs = _CONTEXT.Pipe()
        self._child = _CONTEXT.Process(
            target=_serve, args=(self._function, theirs, self._pipe, self._bytes), daemon=True
        )
        self._child.start()
        theirs.close()

    def _stop(self) -> None:
        self._pipe.close()
        self._child.kill()
        self._child.join()

    def _restart(self) -> None:
        self._stop()
        self._start()


def _serve(function: Callable[[Any], Any], pipe: Connection, parents_end: Connection, limit: int) -> None:
    # Without this the child would hold the parent's end open and never see the parent go.
    parents_end.close()
    most = _address_space() + limit
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    # A child that dies of a broken file is a row of a table, not a core file of a patient's data.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _silence_decoders()
    reuse_memory()
    while True:
        try:
            argument = pipe.recv()
        except EOFError:
            return
        try:
            answer = (True, function(argument))
        except Exception as error:  # noqa: BLE001 whatever it is, the parent raises it
            answer = (False, error)
        pipe.send(answer)


def _address_space() -> int:
    """Bytes of this process's address space, which its libraries alone may make gigabytes of."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def reuse_memory() -> None:
    """Keep memory that was freed for the next image: getting it from the system anew costs a third of a scan."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # of glibc only
        mallopt(_TRIM_THRESHOLD, 2**28)
        mallopt(_MMAP_THRESHOLD, 2**25)  # older ones refuse more


def _silence_decoders() -> None:
    """Send what libraries in C print to nowhere; Python's own streams may be a log, and stay as they are."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
