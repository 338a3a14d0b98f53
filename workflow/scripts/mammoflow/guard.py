"""Runs a function in a child process, because a decoder may hang, crash or eat all memory."""

import multiprocessing
import resource
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Self

# Fork: the child needs no second import of the libraries, and a Snakemake script cannot be imported again.
_CONTEXT = multiprocessing.get_context("fork")


class Died(Exception):
    """The child died or was killed at its limit; `reason` is decoder_crash or decoder_timeout."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Guard:
    """A child process that calls `function` on what it is given, one call at a time; replaced whenever it dies.

    Parameters
    ----------
    function
        Called in the child; its argument and its result are sent through a pipe.
    seconds
        Wall-clock limit of a call.
    gigabytes
        Limit of the child's address space; a function that needs more gets a MemoryError.
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
        """The function's result.

        Raises
        ------
        Died
            If the child does not answer in time, or is no more.
        """
        try:
            self._pipe.send(argument)
            if not self._pipe.poll(self._seconds):
                raise Died("decoder_timeout")
            return self._pipe.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            self._restart()
            raise Died("decoder_crash") from None
        except Died:
            self._restart()
            raise

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
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    while True:
        try:
            argument = pipe.recv()
        except EOFError:
            return
        pipe.send(function(argument))
