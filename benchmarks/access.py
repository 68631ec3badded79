"""F12: what the decision costs: requests a second with and without it, p99 at a fixed 100 a second.

    .venv/bin/python -m benchmarks.access --site SITE [--runs 5] [--seconds 4] [--size 198000]

The page is the largest that LWIA 01's administrator may read, cut or filled up to `--size` bytes in
a copy of the site. Plain nginx serves the same folder with no decision; plain granian sends the
same file with no decision. Set-ups take turns; medians are told. wrk (Debian) asks as fast as it
can over 32 connections; the fixed rate is asked by a client of our own, which starts each request
at its time, whether or not earlier ones are answered. Then entitled, forbidden and unknown
askers take turns at that rate while wrk keeps the server busy: each answer must be the asker's own.

    .venv/bin/python -m benchmarks.access --site SITE --siege 1000

asks instead at 20 a second, a new connection each, while so many connections stand against the
server that ask for nothing, or never to the end, from one address and from one each; whoever is
shut comes again at once. An answer later than 10 s counts as none.
"""

import argparse
import asyncio
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from starlette.responses import FileResponse

from tests.access import servers, siege
from tests.access.servers import Place, ask

ROW = {
    "worknet_user": "admin01", "iwds_user": "iw1", "role": "lwia_admin", "lwia": "01",
    "planner_id": "", "worknet_status": "active", "iwds_status": "active", "in_group": "1",
    "linked_on": "20240102",
}  # fmt: skip
OTHER = ROW | {"worknet_user": "admin02", "iwds_user": "iw2", "lwia": "02"}


def plain_app(path: str):
    async def app(scope, receive, send):
        if scope["type"] == "http":
            await FileResponse(path)(scope, receive, send)

    return app


def serve_plain(path: str, port: int) -> None:
    """granian, sending one file to whoever asks."""
    from granian import Granian

    Granian(
        "plain", port=port, interface="asginl", websockets=False, log_level="warning",
        respawn_failed_workers=False,
    ).serve(target_loader=partial(_app, path), wrap_loader=False)  # fmt: skip


def _app(path: str, _: object = None):
    return plain_app(path)


def nginx_plain(folder: Path, site: Path, port: int) -> list[str]:
    folder.mkdir()
    conf = folder / "plain.conf"
    conf.write_text(
        f"pid {folder}/pid; error_log {folder}/error.log;\n"
        f"worker_processes 1; daemon off; user root;\n"
        f"events {{}}\nhttp {{ access_log off; server {{ listen 127.0.0.1:{port};\n"
        f"location / {{ root {site}; default_type text/html; }} }} }}\n"
    )
    return [servers.NGINX, "-p", str(folder), "-c", str(conf)]


def rate(port: int, path: str, cookie: str, seconds: int) -> tuple[float, float]:
    """(requests a second, p99 in ms); fails when any answer was not the page."""
    command = ["wrk", "-t1", "-c32", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{port}{path}"]
    if cookie:
        command[1:1] = ["-H", cookie.strip()]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in told or "Socket errors" in told:
        raise SystemExit(told)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", told)
    unit = {"us": 1e-3, "ms": 1.0, "s": 1e3}[p99[2]]
    return float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1]), float(p99[1]) * unit


async def fixed_rate(
    port: int, path: str, cookies: tuple[str, ...], seconds: int, right: bytes
) -> float:
    """p99 in ms at 100 requests a second, each on a connection of its own.

    Askers take turns; the first is entitled to `right`, to the others it must be not found.
    """

    async def one(at: float, number: int) -> float:
        await asyncio.sleep(at - time.perf_counter())
        asker = number % len(cookies)
        head = f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{cookies[asker]}\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head.encode())
        told, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        status = int(told.split(b" ")[1])
        sound = (status, body) == (200, right) if asker == 0 else status == 404
        assert sound, f"wrongly served under load: {status}"
        return time.perf_counter() - at

    begun = time.perf_counter() + 0.5
    times = await asyncio.gather(*(one(begun + n / 100, n) for n in range(100 * seconds)))
    return 1e3 * statistics.quantiles(times, n=100)[98]


def served_under_load(port: int, path: str, cookies: tuple[str, ...], right: bytes) -> int:
    """Answers of mixed askers that were checked while wrk asked as fast as it can."""
    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(rate, port, path, cookies[0], 6)
        asyncio.run(fixed_rate(port, path, cookies, 5, right))
        busy.result()
    return 500


async def patient_rate(
    port: int, path: str, cookie: str, seconds: int, right: bytes
) -> tuple[list[float], int]:
    """Times in ms of the right answers at 20 requests a second, and how many did not come."""

    async def one(at: float) -> float | None:
        await asyncio.sleep(at - time.perf_counter())
        head = f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{cookie}\r\n"
        try:
            async with asyncio.timeout(10):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(head.encode())
                told = await reader.read()
                writer.close()
        except OSError:
            return None
        answered = told.partition(b"\r\n\r\n")[2] == right
        return 1e3 * (time.perf_counter() - at) if answered else None

    begun = time.perf_counter() + 0.5
    times = await asyncio.gather(*(one(begun + n / 20) for n in range(20 * seconds)))
    served = sorted(t for t in times if t is not None)
    return served, len(times) - len(served)


def besieged(ports, path: str, cookie: str, right: bytes, count: int, seconds: int) -> None:
    """Say how readers fare under each kind of siege, from one address and from one each."""
    for name, port in ports.items():
        asyncio.run(patient_rate(port, path, cookie, 2, right))
        for kind in siege.KINDS:
            for addresses in (1, count):
                with siege.siege(port, kind, count, addresses):
                    served, lost = asyncio.run(patient_rate(port, path, cookie, seconds, right))
                of = "one address" if addresses == 1 else f"{count:,} addresses"
                told = "none served"
                if served:
                    p99 = served[int(0.99 * (len(served) - 1))]
                    told = f"p50 {statistics.median(served):.1f} p99 {p99:.1f} ms"
                print(f"{name:20} {count:,} {kind}, {of}: {len(served)} served, {lost} not; {told}")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--site", type=Path, required=True)
    options.add_argument("--period", default="PY2024Q4")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--seconds", type=int, default=4)
    options.add_argument("--size", type=int, default=198_000)
    options.add_argument("--siege", type=int, default=0)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        site = Path(name) / "site"
        shutil.copytree(chosen.site, site, symlinks=True)
        run(chosen, site, Path(name))


def run(chosen, site: Path, folder: Path) -> None:
    pages = sorted(
        (site / chosen.period / "lwia/01").glob("*/*.html"), key=lambda p: p.stat().st_size
    )
    page = pages[-1]
    path = f"/{chosen.period}/{page.relative_to(site / chosen.period)}"
    page.write_bytes(page.read_bytes()[: chosen.size].ljust(chosen.size))
    with ExitStack() as running:
        place = Place(folder, site)
        place.fill([ROW, OTHER])
        code = f"from benchmarks.access import serve_plain; serve_plain({str(page)!r}, %d)"
        a, b = servers.free_port(), servers.free_port()
        ports = {
            "nginx, plain": running.enter_context(
                servers.process(nginx_plain(folder / "plain", site, a), a)
            ),
            "nginx, decision": running.enter_context(servers.behind_nginx(place)),
            "granian, plain": running.enter_context(
                servers.process([sys.executable, "-c", code % b], b)
            ),
            "embedded, decision": running.enter_context(servers.gateway(place)),
        }
        cookies = (place.cookie("admin01"), place.cookie("admin02"), "")
        if chosen.siege:
            guarded = {name: port for name, port in ports.items() if "decision" in name}
            told = guarded, path, cookies[0], page.read_bytes(), chosen.siege, chosen.seconds
            besieged(*told)
            return
        measure(ports, path, cookies, page.read_bytes(), chosen)


def measure(ports, path, cookies, right, chosen) -> None:
    cookie = cookies[0]
    for name, port in ports.items():
        assert ask(port, path, cookie).body == right, name
    rates = {name: [] for name in ports}
    for _ in range(chosen.runs):
        for name, port in ports.items():
            rates[name].append(rate(port, path, cookie, chosen.seconds))
    print(f"page of {len(right):,} bytes, 32 connections, {chosen.runs} runs of {chosen.seconds} s")
    middle = {name: statistics.median(r for r, _ in found) for name, found in rates.items()}
    for name, found in rates.items():
        p99 = statistics.median(p for _, p in found)
        slow = asyncio.run(fixed_rate(ports[name], path, cookies[:1], 5, right))
        print(f"{name:20} {middle[name]:7.0f}/s p99 {p99:.1f} ms; at 100/s {slow:.1f} ms")
    fronted = middle["nginx, decision"] / middle["nginx, plain"]
    print(f"F12 nginx    {fronted:.2f} of plain (goal 0.45)")
    embedded = middle["embedded, decision"] / middle["granian, plain"]
    print(f"F12 embedded {embedded:.2f} of plain (goal 0.40)")
    for name in ("nginx, decision", "embedded, decision"):
        checked = served_under_load(ports[name], path, cookies, right)
        print(f"F12 {name}: {checked} answers of mixed askers checked under load, 0 wrongly served")


if __name__ == "__main__":
    main()
