"""What a thin vendor is: what its notifications name, and how that is asked for."""

from collections.abc import Callable, Mapping, Sequence

import httpx
from msgspec import Struct

from kudos.errors import Misconfigured
from kudos.register import Feed
from services.ingest.adapters.base import Label


class Fetch(Struct, frozen=True):
    """A record, or a list of them, as the vendor's API has it: below the feed's ``base_url``.

    *beside* is asked for first where the record lacks what another one tells; *adds* are the names.
    *many* is a list, which may be empty.
    """

    path: str
    params: Mapping[str, str] = {}
    beside: str | None = None
    adds: tuple[str, ...] = ()
    many: bool = False


class Wanted(Struct, frozen=True):
    """A subscription that has to be there: to what, and what to fetch where it was not."""

    resource: str
    missed: Callable[[str], Fetch]  # by the time, in the vendor's words


class Thin(Struct, frozen=True):
    """One vendor's notifications; *told* raises Rejected for one that names nothing.

    ``told`` is what one notification says is to be fetched: None where it is no notification, or of
    nothing that is read here. ``shown`` are the notifications in a body that show one of the keys,
    as a body, None where none does; it is None where the vendor shows no secret.
    """

    label: Label
    told: Callable[[bytes, Feed], Fetch | None]
    access: Callable[[Feed, str], httpx.Auth]
    shown: Callable[[bytes, Sequence[bytes]], bytes | None] | None = None
    following: Callable[[bytes], str | None] = lambda _page: None
    #: What else is asked for where that is answered by 400.
    otherwise: Callable[[Fetch], Fetch | None] = lambda _wanted: None
    subscribes: Callable[[Feed], Sequence[Wanted]] | None = None
    #: So often an answer of 404 is no end of it yet.
    patience: int = 5


def fetches(feed: Feed) -> bool:
    """Tell whether the register says where records of *feed* are fetched, and by which secret."""
    return isinstance(feed.own.get("base_url"), str) and isinstance(
        feed.own.get("credentials"), str
    )


def own(feed: Feed, name: str, default: str | None = None) -> str:
    """Return what the register says of *name*, or raise Misconfigured."""
    found = feed.own.get(name, default)
    if not isinstance(found, str) or not found:
        raise Misconfigured(f"{feed.id}: {name} is missing")
    return found
