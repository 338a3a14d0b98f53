"""What a script prints, its errors included, goes to the log of its rule, without a patient's values.

Logs stand in results/. Messages of libraries may quote what they stumbled over, a name or a date: of a warning the log
holds its kind and place, of an unexpected error its kind and the lines of code. Its message and its whole traceback go
to a file of the same name below private/.
"""

import logging
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from mammoflow import disks
from mammoflow.errors import UserError
from mammoflow.files import write_text
from mammoflow.privacy import make_private
from mammoflow.running import at_work

log = logging.getLogger("mammoflow")


@contextmanager
def log_to(path: str) -> Iterator[None]:
    """Send everything printed, logged or raised inside to the file `path`.

    A `UserError` ends the process with its one line on the real standard error, and so does a full disk; any other
    exception goes to the log without its message, and the line on standard error names where the whole of it stands.
    """
    terminal = sys.stderr
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with at_work(), open(path, "w", encoding="utf-8") as file, redirect_stdout(file), redirect_stderr(file):
            _send_logs_to(file)
            with _logged(path):
                yield
    except UserError as error:
        line = str(error)
    except OSError as error:  # of the log itself, be it when its last lines are written
        if not disks.is_full(error):
            raise
        line = disks.remedy()
    else:
        return
    print(f"mammoflow: {line}", file=terminal)
    raise SystemExit(1)


@contextmanager
def _logged(path: str) -> Iterator[None]:
    """Log what is raised inside, and make it a line for the user."""
    try:
        yield
    except UserError as error:
        log.error(error)
        raise
    except Exception as error:  # noqa: BLE001 the outermost frame: whatever it was goes to the log
        if not disks.is_full(error):
            raise UserError(f"{type(error).__name__}, see {_report(error, path)}") from None
        log.error("no room is left on a disk")
        raise UserError(disks.remedy()) from None


def _send_logs_to(file: IO[str]) -> None:
    """Our own messages whole; of everybody else's only who spoke and how loudly."""
    handler = logging.StreamHandler(file)
    handler.setFormatter(_Scrubbed("%(levelname)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    log.setLevel(logging.INFO)
    warnings.showwarning = _show_warning  # type: ignore[assignment]


class _Scrubbed(logging.Formatter):
    """Formats the records of other libraries without their messages."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record."""
        if record.name.partition(".")[0] == log.name:
            return super().format(record)
        return f"{record.levelname} from {record.name}, line {record.lineno}"


def _show_warning(message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: Any) -> None:
    print(f"{category.__name__} from {Path(filename).name}, line {lineno}", file=sys.stderr)


def _report(error: Exception, path: str) -> Path:
    """Write where an error came from to the log and all of it below private/; gives the private file."""
    print(
        f"{type(error).__name__}; its message may quote a patient's values and stands below private/", file=sys.stderr
    )
    print(_places(error.__traceback__), end="", file=sys.stderr)
    make_private(Path("private"))
    whole = Path("private") / path
    write_text("".join(traceback.format_exception(error)), whole, mode=0o600)
    return whole


def _places(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)
    return "".join(f"  {Path(frame.filename).name}, line {frame.lineno}, in {frame.name}\n" for frame in frames)
