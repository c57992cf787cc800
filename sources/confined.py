"""Starting a program on what is not trusted: without our secrets or a network, within bounds.

Run as `python -I -S confined.py MEMORY SECONDS BYTES NETWORK PROGRAM ...`, it becomes the program.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_NEW_USERS, _NEW_NETWORK = 0x10000000, 0x40000000  # CLONE_NEWUSER, CLONE_NEWNET of Linux


def bare_environment() -> dict[str, str]:
    """Nothing of ours but what a process needs to start: a document may not learn our secrets."""
    needed = ("SYSTEMROOT", "PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {name: os.environ[name] for name in needed if name in os.environ}


def run_confined(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    seconds: float,
    memory: int,
    output: int,
    network: bool = False,
) -> tuple[int, str]:
    """Run a program in a folder until it and all that it started has ended; its status, and what it
    says of errors.

    It may address `memory` bytes and write files of `output` bytes; Windows bounds neither, macOS
    not the memory. Linux gives it no `network`, where users may take one away. Raises OSError, and
    TimeoutExpired after as many `seconds`.
    """
    if os.name == "posix":
        bounds = map(str, (memory, int(seconds) + 1, output, int(network)))
        command = [sys.executable, "-I", "-S", "-B", __file__, *bounds, *command]
    running = subprocess.Popen(  # noqa: S603  no shell, and no word of the command is a document's
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        said = running.communicate(timeout=seconds)[1]
    finally:
        if os.name == "posix":
            with suppress(OSError):  # all that it started has its number
                os.killpg(running.pid, signal.SIGKILL)
        running.kill()
        running.wait()
        if running.stderr:
            running.stderr.close()
    return running.returncode, said.decode("utf-8", "replace")


def main(arguments: list[str]) -> None:
    """Become the program, within the bounds of `run_confined`."""
    memory, seconds, output, network = map(int, arguments[:4])
    program = arguments[4:]
    with suppress(ImportError):
        import resource

        for limit, most in (
            (resource.RLIMIT_AS, memory),
            (resource.RLIMIT_CPU, seconds),
            (resource.RLIMIT_FSIZE, output),
            (resource.RLIMIT_CORE, 0),
        ):
            with suppress(OSError, ValueError):
                resource.setrlimit(limit, (most, most))
    if sys.platform == "linux" and not network:
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).unshare(_NEW_USERS | _NEW_NETWORK)
    os.execv(program[0], program)  # noqa: S606  no shell: what our own code names


if __name__ == "__main__":
    main(sys.argv[1:])
