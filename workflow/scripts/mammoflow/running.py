"""One run at a time in a working directory, and jobs that outlive their run waited for.

Snakemake's own lock is a file, which a killed run leaves behind, so that a user must know when to take it away. These
locks are the system's: it lets go of them when their process is gone, however that ended.
"""

import errno
import fcntl
import os
import shutil
import socket
import sys
from pathlib import Path
from typing import IO

from mammoflow.errors import UserError

_RUN, _JOBS = Path(".snakemake/mammoflow.run"), Path(".snakemake/mammoflow.jobs")
_SNAKEMAKES = Path(".snakemake/locks")
# File systems of some clusters; there Snakemake's lock must do.
_WITHOUT_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)


def prepare() -> None:
    """Make the working directory fit for a run, which a killed one may have left locked and jobs of it busy.

    Raises
    ------
    UserError
        If another run is at work in it.
    """
    with _opened(_RUN) as run:
        is_ours = _lock(run, fcntl.LOCK_EX)
        if is_ours is False:
            raise _busy(run)
        if is_ours:
            shutil.rmtree(_SNAKEMAKES, ignore_errors=True)
    with _opened(_JOBS) as jobs:
        if _lock(jobs, fcntl.LOCK_EX) is False:
            here = " ".join(_holders(jobs))
            print(
                "mammoflow: jobs of a run that was killed are still at work; waiting for them, since what they finish "
                f"is kept. To end them: {f'kill {here}' if here else 'scancel, or kill where they run'}",
                file=sys.stderr,
                flush=True,
            )
            fcntl.flock(jobs, fcntl.LOCK_EX)


def hold() -> IO[str]:
    """Make this process the one run of the working directory, as long as the file that is given back stays open.

    Raises
    ------
    UserError
        If another run is at work in it.
    """
    run = _opened(_RUN)
    if _lock(run, fcntl.LOCK_EX) is False:
        raise _busy(run)
    run.truncate(0)
    run.write(f"process {os.getpid()} on {socket.gethostname()}")
    run.flush()
    return run


def at_work() -> IO[str]:
    """Keep the next run waiting as long as the file that is given back stays open: a job may outlive its run."""
    jobs = _opened(_JOBS)
    _lock(jobs, fcntl.LOCK_SH)
    return jobs


def _opened(path: Path) -> IO[str]:
    path.parent.mkdir(exist_ok=True)
    return open(path, "a+", encoding="utf-8")


def _lock(file: IO[str], how: int) -> bool | None:
    """Whether the lock was to be had; None where the file system knows none."""
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _WITHOUT_LOCKS:
            raise
        return None
    return True


def _busy(run: IO[str]) -> UserError:
    run.seek(0)
    return UserError(f"another run is at work in {Path.cwd()} ({run.read()}); wait for it, or end it")


def _holders(file: IO[str]) -> list[str]:
    """Numbers of the processes of this machine that hold a lock on a file."""
    inode = os.fstat(file.fileno()).st_ino
    locks = [line.split() for line in Path("/proc/locks").read_text(encoding="ascii").splitlines()]
    return sorted({fields[4] for fields in locks if fields[1] == "FLOCK" and fields[5].endswith(f":{inode}")})
