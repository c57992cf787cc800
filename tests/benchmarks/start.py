"""What a cold start costs: seconds by the clock and of the processor, and peak memory, by command.

    python tests/benchmarks/start.py [--index DIR] [--refdesk FILE ...] [--rounds N]

Each command runs in a process of its own: the help, the status, an answer, and the chat until its
page is answered. Several installs take turns, as one of an older commit beside this one: name the
`refdesk` of each. The median of the rounds is told; of seconds those of the processor say more
where the machine has other work. Without --index one of the starter library is built first.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

QUESTION = "Who signed the June 2024 treaty between Russia and North Korea?"
# Seconds that a page may take before the measurement is given up.
LONGEST = 180
Cost = tuple[float, float, float]


def cost(command: list[str]) -> Cost:
    """Seconds, seconds of the processor, and peak MB of a command."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as nowhere:
        process = subprocess.Popen(command, stdout=nowhere, stderr=nowhere)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} left with {process.returncode}")
    return time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def page_cost(command: list[str]) -> Cost:
    """The same of a chat, from its start until its page is answered."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while time.perf_counter() - started < LONGEST and process.poll() is None:
            with contextlib.suppress(OSError), urlopen(f"http://127.0.0.1:{port}/", timeout=60):
                taken = time.perf_counter() - started
                break
            time.sleep(0.02)
        else:
            sys.exit(f"{' '.join(command)} has no page")
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(") ")[2].split()
        status = Path(f"/proc/{process.pid}/status").read_text().split()
        used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return taken, used, int(status[status.index("VmHWM:") + 1]) / 1024
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--index", type=Path)
    parser.add_argument("--refdesk", nargs="+", default=[shutil.which("refdesk")])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="refdesk-start-") as name:
        os.environ.update(XDG_DATA_HOME=name, REFDESK_GAPS="off")
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an install has its modules compiled
        index = arguments.index or Path(name) / "index"
        if not arguments.index:
            cost([arguments.refdesk[0], "rebuild", "--index", str(index)])
        at = ["--index", str(index)]
        commands = {
            "--help": (cost, ["--help"]),
            "status": (cost, ["status", *at]),
            "ask": (cost, ["ask", QUESTION, *at]),
            "chat, until its page": (page_cost, ["chat", "--no-browser", *at]),
        }
        print("| command | install | seconds | of the processor | peak MB |")
        print("|---|---|--:|--:|--:|")
        for title, (measure, words) in commands.items():
            found: dict[str, list[Cost]] = {refdesk: [] for refdesk in arguments.refdesk}
            for _ in range(arguments.rounds + 1):
                for refdesk, costs in found.items():
                    costs.append(measure([refdesk, *words]))
            for number, costs in enumerate(found.values(), start=1):
                wall, used, peak = (
                    statistics.median(column) for column in zip(*costs, strict=True)
                )
                print(f"| {title} | {number} | {wall:.2f} | {used:.2f} | {peak:.0f} |", flush=True)


if __name__ == "__main__":
    main()
