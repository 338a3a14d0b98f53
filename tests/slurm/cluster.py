"""A SLURM cluster of one node on this machine, with a stand-in for a GPU.

It is started in namespaces of its own, which `make slurm-test` makes: its configuration, its processes and its network,
of which there is loopback only, are gone with the process that started it, however that ends.
"""

import fcntl
import os
import re
import secrets
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

# Where Debian's SLURM looks for its configuration. Naming another place in the environment would not do: job steps are
# started without any variable of SLURM.
CONFIGURATION = Path("/etc/slurm")

# More cores and memory than the machine may have: what is tested is what jobs ask for, and who waits for whom.
SLURM_CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={state}/munge/socket,cred_expire=10
StateSaveLocation={state}/controller
SlurmdSpoolDir={state}/node
SlurmctldPidFile={state}/slurmctld.pid
SlurmdPidFile={state}/slurmd.pid
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=defer,sched_interval=1,sched_min_interval=0,bf_interval=2
GresTypes=gpu
MinJobAge=3600
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=64000 Gres=gpu:1 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""
# A GPU must have a device file; nothing is done with it.
GRES_CONF = "Name=gpu File=/dev/null\n"


def check_place() -> None:
    """Refuse to start a cluster anywhere but in namespaces of its own.

    Raises
    ------
    RuntimeError
        If this process has a network, or the configuration of the machine's own SLURM before it.
    """
    if [name for _, name in socket.if_nameindex()] != ["lo"] or not os.path.ismount(CONFIGURATION):
        raise RuntimeError("the cluster is started in namespaces of its own only: run make slurm-test")


@contextmanager
def running(state: Path) -> Iterator[None]:
    """A cluster that keeps its files below `state`, and takes jobs.

    Raises
    ------
    RuntimeError
        If its node is not ready within a minute; the logs are in `state`.
    """
    check_place()
    _bring_up_network()
    host = socket.gethostname()
    for name in ("munge", "controller", "node"):
        (state / name).mkdir(parents=True, mode=0o711)
    key = state / "munge/key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o400)
    (CONFIGURATION / "slurm.conf").write_text(SLURM_CONF.format(host=host, state=state))
    (CONFIGURATION / "gres.conf").write_text(GRES_CONF)
    munge = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
    daemons = [
        ["munged", "--foreground", "--force", *(f"--{option}={state}/munge/{name}" for option, name in munge.items())],
        ["slurmctld", "-D"],
        ["slurmd", "-D"],
    ]
    with ExitStack() as stack:
        started = [stack.enter_context(_daemon(command, state / f"{command[0]}.log")) for command in daemons]
        _wait_for_node(started, state)
        yield


def jobs() -> list[dict[str, str]]:
    """What SLURM knows of every job since the cluster was started, as `scontrol` names it."""
    lines = _asked("scontrol", "show", "jobs", "--oneliner").splitlines()
    return [dict(re.findall(r"(\S+?)=(\S*)", line)) for line in lines if line.startswith("JobId")]


def requeue(job: dict[str, str]) -> None:
    """End a running job and put it back into the queue, as preemption does."""
    _asked("scontrol", "requeue", job["JobId"])


def cancel(job: dict[str, str]) -> None:
    """End a job, as a user does."""
    _asked("scancel", job["JobId"])


def _asked(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _bring_up_network() -> None:
    """Loopback, with a second address: with the first alone, getaddrinfo holds that there is no network at all."""
    up_and_running, set_address, set_flags = 0x41, 0x8916, 0x8914  # IFF_UP | IFF_RUNNING, SIOCSIFADDR, SIOCSIFFLAGS
    address = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton("127.0.0.2"))
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh14x", b"lo", up_and_running))
        fcntl.ioctl(any_socket, set_address, struct.pack("16s16s", b"lo:1", address))


@contextmanager
def _daemon(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with open(log, "w") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_for_node(started: list[subprocess.Popen[bytes]], state: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and all(daemon.poll() is None for daemon in started):
        command = ["timeout", "5", "sinfo", "--noheader", "--format=%T %G"]
        asked = subprocess.run(command, capture_output=True, text=True, check=False)
        if asked.stdout.strip() == "idle gpu:1":
            return
        time.sleep(1)
    raise RuntimeError(f"the cluster's node is not ready; the logs are in {state}")
