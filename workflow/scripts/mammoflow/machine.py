"""The machine that a page was made on: its kind, never its name, its users or its folders."""

import os
import platform
import shutil
import subprocess
from pathlib import Path

_CPUS = Path("/proc/cpuinfo")
UNKNOWN = "unknown"


def about() -> dict[str, str]:
    """Processor, cores, memory, graphics cards and operating system in words."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count() or UNKNOWN),
        "memory": _memory(),
        "graphics cards": _cards(),
        "operating system": f"{platform.system()} on {platform.machine()}",
    }


def _processor() -> str:
    lines = _CPUS.read_text(encoding="utf-8").splitlines() if _CPUS.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or UNKNOWN


def _memory() -> str:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):  # not on every system
        return UNKNOWN
    return f"{total / 2**30:.0f} GiB"


def _cards() -> str:
    """Names of NVIDIA's cards, which are asked of its own program."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return "none found"
    done = subprocess.run(  # noqa: S603 a list of fixed words, no shell
        [program, "--query-gpu=name", "--format=csv,noheader"], capture_output=True, text=True, check=False
    )
    return ", ".join(done.stdout.split("\n")).strip(", ") if done.returncode == 0 else "none found"
