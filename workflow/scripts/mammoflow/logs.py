"""What a script prints, its errors included, goes to the log of its rule."""

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

from mammoflow.errors import UserError

log = logging.getLogger("mammoflow")


@contextmanager
def log_to(path: str) -> Iterator[None]:
    """Send everything printed, logged or raised inside to the file `path`.

    A `UserError` ends the process with its one line on the real standard error; any other exception goes to the log
    with its traceback, and the line on standard error names the log.
    """
    terminal = sys.stderr
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8") as file, redirect_stdout(file), redirect_stderr(file):
        handler = logging.StreamHandler(file)
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        log.setLevel(logging.INFO)
        log.addHandler(handler)
        logging.captureWarnings(True)
        try:
            yield
        except UserError as error:
            log.error(error)
            print(f"mammoflow: {error}", file=terminal)
            raise SystemExit(1) from None
        except Exception as error:  # noqa: BLE001 the outermost frame: whatever it was goes to the log
            traceback.print_exc(file=file)
            print(f"mammoflow: {type(error).__name__}, see {path}", file=terminal)
            raise SystemExit(1) from None
        finally:
            log.removeHandler(handler)
