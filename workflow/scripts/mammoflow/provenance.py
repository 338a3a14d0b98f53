"""What a result was made with: the commit of the code, and the versions behind it. No paths, users or hosts."""

import os
import platform
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

UNKNOWN = "unknown: the workflow's folder is no git checkout, or git is not installed"

PACKAGES = (
    "snakemake",
    "numpy",
    "pandas",
    "scipy",
    "scikit-learn",
    "scikit-image",
    "opencv-python-headless",
    "pydicom",
    "imagecodecs",
    "torch",
    "torchvision",
    "timm",
    "open_clip_torch",
    "transformers",
    "matplotlib",
)


def code_commit(folder: str | Path) -> str:
    """The commit that a folder's files belong to, and whether they were changed since.

    Parameters
    ----------
    folder
        Any folder of the checkout.

    Returns
    -------
    str
        40 hexadecimal digits, with ", with uncommitted changes" where there are any; `UNKNOWN` where there is no git.
    """
    commit = _git(folder, "rev-parse", "HEAD")
    changes = _git(folder, "status", "--porcelain")
    if not commit or changes is None:
        return UNKNOWN
    return f"{commit}, with uncommitted changes" if changes else commit


def versions(packages: tuple[str, ...] = PACKAGES) -> dict[str, str]:
    """Versions of Python and of these packages in the environment that asks."""
    return {"python": platform.python_version()} | {package: _version(package) for package in packages}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not in the environment that made this page"


def _git(folder: str | Path, *arguments: str) -> str | None:
    """What git prints; None where it fails or is not there."""
    git = shutil.which("git")
    if git is None:
        return None
    done = subprocess.run(  # noqa: S603 a list of fixed words, no shell
        [git, "-C", str(folder), *arguments],
        capture_output=True,
        text=True,
        check=False,
        # Asking for the status must not write into the checkout.
        env=os.environ | {"GIT_OPTIONAL_LOCKS": "0"},
    )
    return done.stdout.strip() if done.returncode == 0 else None
