"""What the register and its secrets say of a source that is polled."""

import re
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import overload

import httpx

from kudos.errors import Misconfigured
from kudos.register import Feed
from services.ingest.adapters.base import Adapter, Origin
from services.ingest.polling import access
from services.ingest.polling.asking import Polling
from services.ingest.polling.client import Client
from services.ingest.polling.engine import Source
from services.ingest.polling.vendors import POLLED

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def source(origin: Origin, adapters: Mapping[str, Adapter]) -> Source:
    """Return what is polled of *origin*, or raise Misconfigured."""
    vendor = origin.feed.id
    if vendor not in POLLED or vendor not in adapters:
        raise Misconfigured(f"{vendor}: it is not known how it would be polled")
    polling = POLLED[vendor]
    return Source(
        origin,
        adapters[vendor],
        polling,
        overlap=duration(origin.feed, "overlap", polling.overlap),
        every=duration(origin.feed, "every", polling.every),
        window=duration(origin.feed, "window"),
    )


@overload
def duration(feed: Feed, name: str, default: timedelta) -> timedelta: ...
@overload
def duration(feed: Feed, name: str, default: None = None) -> timedelta | None: ...
def duration(feed: Feed, name: str, default: timedelta | None = None) -> timedelta | None:
    """Return the register's *name* of *feed*: 30s, 5m, 1h or 2d."""
    said = feed.own.get(name)
    if said is None:
        return default
    found = re.fullmatch(r"([1-9]\d{0,4})([smhd])", str(said))
    if found is None:
        raise Misconfigured(f"{feed.id}: {name} is a number with s, m, h or d")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def client(
    http: httpx.Client,
    polled: Source,
    secrets: Path,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Client:
    """Return who asks the vendor's API as *polled* may; its secret is in *secrets*.

    Raise Misconfigured where the register or the secret is missing.
    """
    feed, polling = polled.origin.feed, polled.polling
    base = feed.own.get("base_url", polling.base)
    if not isinstance(base, str) or not re.match(r"https?://[^/@?#]+(/|$)", base):
        raise Misconfigured(f"{feed.id}: base_url, where its API answers")
    base = base.rstrip("/")
    return Client(
        http,
        base,
        _access(feed, polling, base, _secret(feed, secrets)),
        headers=polling.headers,
        gap_s=polling.gap_s,
        sleep=sleep,
    )


def _access(feed: Feed, polling: Polling, base: str, secret: str) -> httpx.Auth:
    declared = polling.access
    if declared.kind == "bearer":
        return access.bearer(secret)
    if declared.kind == "query":
        return access.Key(declared.name, secret, place="query")
    name = access.client_id(feed)
    if declared.kind == "basic":
        return httpx.BasicAuth(name, secret)
    url = str(feed.own.get("token_url", f"{base}/{declared.path}"))
    if declared.kind == "oauth2":
        return access.oauth2(url, name, secret)
    return access.login(url, {"client_number": name, "client_token": secret})


def _secret(feed: Feed, secrets: Path) -> str:
    name = feed.own.get("credentials")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", name):
        raise Misconfigured(f"{feed.id}: credentials, the name of a file in KUDOS_SECRETS/ingest")
    try:
        return (secrets / name).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise Misconfigured(f"KUDOS_SECRETS: ingest/{name} is missing") from None
