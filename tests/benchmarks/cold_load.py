"""What the first load of the chat costs in Chromium: requests, bytes on the wire, and seconds.

    python tests/benchmarks/cold_load.py

A small library is served and its page opened with an empty cache, once as fast as the machine is
and once at 50 KB/s with 400 ms for each request. Bytes are those that come over the network, as
they were compressed; seconds are until the box can be typed into, and until nothing more comes.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, expect, sync_playwright

from index import open_index, rebuild
from qa.web import build_app
from qa.web.server.serve import serving

sys.path.insert(0, str(Path(__file__).parent.parent))
from browser import BOX, write_port_library

SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}


def load(browser: Browser, address: str, *, slow: bool) -> tuple[Counter, Counter, float, float]:
    """Bytes and requests by kind of what is sent; seconds until the box is there, and the end."""
    context = browser.new_context()
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    if slow:
        wire.send("Network.emulateNetworkConditions", SLOW)
    kinds: dict[str, str] = {}
    sent: defaultdict[str, int] = defaultdict(int)
    wire.on(
        "Network.responseReceived", lambda told: kinds.setdefault(told["requestId"], _kind(told))
    )

    def received(told: dict) -> None:
        sent[told["requestId"]] = int(told["encodedDataLength"])

    wire.on("Network.loadingFinished", received)
    begun = time.perf_counter()
    page.goto(address, wait_until="commit", timeout=120_000)
    expect(page.locator(BOX)).to_be_editable(timeout=120_000)
    box = time.perf_counter() - begun
    last, count = time.perf_counter(), -1
    while time.perf_counter() - last < (15 if slow else 3):  # the heartbeat never ends
        page.wait_for_timeout(100)
        now = sum(sent.values())
        if now != count:
            last, count = time.perf_counter(), now
    bytes_, requests = Counter(), Counter()
    for name, kind in kinds.items():
        requests[kind] += 1
        bytes_[kind] += sent[name]
    context.close()
    return bytes_, requests, box, last - begun


def _kind(told: dict) -> str:
    path = urlsplit(told["response"]["url"]).path
    return "fonts" if "/fonts/" in path else told["type"].lower()


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        library = write_port_library(Path(name) / "documents", "http://127.0.0.1:9/")
        rebuild(library, index=Path(name) / "index")
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        app = build_app(index=open_index(Path(name) / "index"), library=library)
        with serving(app) as address:
            load(browser, address, slow=False)  # what the server makes once
            for slow in (False, True):
                bytes_, requests, box, end = load(browser, address, slow=slow)
                print(
                    f"{'50 KB/s, 400 ms' if slow else 'unthrottled'}: "
                    f"{sum(requests.values())} requests, {sum(bytes_.values()) / 1000:,.0f} KB, "
                    f"box after {box:.1f} s, all after {end:.1f} s"
                )
                for kind, size in bytes_.most_common():
                    print(f"  {kind:<12}{requests[kind]:>4}{size / 1000:>10,.0f} KB")
        browser.close()


if __name__ == "__main__":
    main()
