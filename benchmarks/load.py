"""The two loads: as much as is taken, and a steady hundred orders a second."""

import threading
import time
from bisect import bisect_left
from datetime import UTC, datetime

from msgspec import Struct

from benchmarks.payloads import bodies
from benchmarks.system import Client, System, watermark_of


class Sustained(Struct, frozen=True):
    """What a stretch of load came to."""

    orders: int
    accepted_seconds: float
    queryable_seconds: float
    cpu_us_an_order: dict[str, float]  # microseconds of CPU, by stage


def sustained(system: System, orders: int, a_request: int, senders: int, prefix: str) -> Sustained:
    """Push *orders* as fast as they are taken, and wait until all are queryable."""
    requests = bodies(orders, a_request, prefix, datetime.now(UTC))
    shares = [requests[n::senders] for n in range(senders)]
    before, begun = system.cpu_seconds(), time.time()
    threads = [threading.Thread(target=_push_all, args=(system, share)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    accepted = time.time()
    while system.watermark() < accepted:
        time.sleep(0.02)
    done, after = time.time(), system.cpu_seconds()
    cpu = {stage: (after[stage] - before[stage]) / orders * 1e6 for stage in before}
    return Sustained(orders, accepted - begun, done - begun, cpu)


def _push_all(system: System, requests: list[bytes]) -> None:
    with Client(system.addresses["ingest"]) as client:
        for body in requests:
            client.push(body)


class Latency(Struct, frozen=True):
    """Seconds from before a push to when the watermark was seen past its acknowledgement."""

    rate: float  # orders/s that were really sent
    p50: float
    p95: float
    p99: float
    most: float


def latency(system: System, rate: int, seconds: int, prefix: str) -> Latency:
    """Push *rate* single orders a second for *seconds*; look at the watermark every 20 ms."""
    requests = bodies(rate * seconds, 1, prefix, datetime.now(UTC))
    seen: list[tuple[float, float]] = []  # watermark, when it was seen
    stop = threading.Event()
    watcher = threading.Thread(target=_watch, args=(system, seen, stop))
    watcher.start()
    senders = 4
    pushes: list[tuple[float, float]] = []  # before the push, after its acknowledgement
    begun = time.time()
    threads = [
        threading.Thread(target=_push_steadily, args=(system, requests[n::senders], part, pushes))
        for n in range(senders)
        for part in [(begun + n / rate, senders / rate)]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended = time.time()
    while not seen or seen[-1][0] < ended:
        time.sleep(0.02)
    stop.set()
    watcher.join()
    marks = [mark for mark, _ in seen]
    took = sorted(seen[bisect_left(marks, after)][1] - before for before, after in pushes)
    return Latency(
        len(pushes) / (ended - begun), *(_quantile(took, q) for q in (0.5, 0.95, 0.99, 1))
    )


def _push_steadily(
    system: System,
    requests: list[bytes],
    pace: tuple[float, float],
    pushes: list[tuple[float, float]],
) -> None:
    first, every = pace
    with Client(system.addresses["ingest"]) as client:
        for number, body in enumerate(requests):
            time.sleep(max(0.0, first + number * every - time.time()))
            before = time.time()
            client.push(body)
            pushes.append((before, time.time()))


def _watch(system: System, seen: list[tuple[float, float]], stop: threading.Event) -> None:
    with Client(system.addresses["query"]) as client:
        while not stop.wait(0.02):
            mark = watermark_of(client.get("/v1/status"))
            if not seen or mark > seen[-1][0]:
                seen.append((mark, time.time()))


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
