"""Starting a program on what is not trusted: without our secrets and a network, within bounds.

Run as `python -I -S confined.py MEMORY SECONDS BYTES PROGRAM ...`, it becomes the program.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress

_NEW_USERS, _NEW_NETWORK = 0x10000000, 0x40000000  # CLONE_NEWUSER, CLONE_NEWNET of Linux


def bare_environment() -> dict[str, str]:
    """Nothing of ours but what a process needs to start: a document may not learn our secrets."""
    needed = ("SYSTEMROOT", "PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {name: os.environ[name] for name in needed if name in os.environ}


def main(memory: int, seconds: int, output: int, program: list[str]) -> None:
    """Become the program: `memory` in bytes that it may address, `seconds` of processor, `output`
    in bytes that a file of it may have. Linux gives it a network with nothing in it, where users
    may have such."""
    with suppress(ImportError):  # Windows knows no such limits
        import resource

        for limit, most in (
            (resource.RLIMIT_AS, memory),
            (resource.RLIMIT_CPU, seconds),
            (resource.RLIMIT_FSIZE, output),
            (resource.RLIMIT_CORE, 0),
        ):
            with suppress(OSError, ValueError):  # macOS does not bound the memory
                resource.setrlimit(limit, (most, most))
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).unshare(_NEW_USERS | _NEW_NETWORK)
    os.execv(program[0], program)  # noqa: S606  no shell: what our own code names


if __name__ == "__main__":
    memory, seconds, output = map(int, sys.argv[1:4])
    main(memory, seconds, output, sys.argv[4:])
