"""What is asked of a vendor's API, as it is declared: where, in which pages, since when."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from msgspec import Struct

from services.ingest.adapters.base import Label

DAY = timedelta(days=1)


class NextLink(Struct, frozen=True):
    """Each page names the address of the next in *field*, null on the last."""

    field: str
    params: Mapping[str, str] = {}  # of the first page


class Numbered(Struct, frozen=True):
    """Pages are numbered by *name* from *first*, until one is empty; *size* asks for so many."""

    name: str
    first: int
    size: tuple[str, int] | None = None


class Offset(Struct, frozen=True):
    """A page begins at row *name*, counted from 0, until one is empty; *size* asks for so many."""

    name: str
    size: tuple[str, int]


Paging = NextLink | Numbered | Offset


class Since(Struct, frozen=True):
    """The days asked for, by *name* and, where the vendor has it, to *until*; in *window* steps.

    Days are the vendor's, Oslo's, and one more on either side is asked for: whether an end belongs
    to what is asked for is not said anywhere.
    """

    name: str
    until: str | None = None
    window: timedelta = 31 * DAY


class Each(Struct, frozen=True):
    """What is asked of each record of a list: at *path*, in which {id} is the record's *id*."""

    path: str
    id: str
    lists: tuple[str, ...] = ()  # none: the answer is one record
    #: What of the list's record is added to the one that is read, where the vendor leaves it out.
    adds: tuple[str, ...] = ()
    #: What of the record says when it is over: after some days it is not asked of again.
    ends: str | None = None
    #: A record that reads as before is not asked of again: it says itself when it was changed.
    tells_changes: bool = False


class Stream(Struct, frozen=True):
    """One list of a vendor's API; its *label* says how sure path, paging and filters are.

    *lists* are the names, in any case, of a page's list of records; a page may be the list itself.
    """

    name: str
    label: Label
    path: str  # below the base; {account} is the register's
    paging: Paging
    lists: tuple[str, ...]
    since: Since | None = None  # none: all of it is read each time
    each: Each | None = None
    params: Mapping[str, str] = {}


class Access(Struct, frozen=True):
    """How it is known who asks; the secret is in the file that ``credentials`` names.

    *name* is that of the query's key; *path* is where a token is given, below the base.
    """

    kind: Literal["bearer", "basic", "query", "oauth2", "login"]
    label: Label
    name: str = ""
    path: str = ""


class Polling(Struct, frozen=True):
    """All that is asked of one vendor; the register's ``every``, ``overlap`` and ``window`` win.

    What changes in the last *overlap* is read again each time, besides what is new.
    """

    base: str | None  # none: every house has its own, ``base_url``
    access: Access
    streams: tuple[Stream, ...]
    every: timedelta = timedelta(minutes=5)
    overlap: timedelta = 2 * DAY
    gap_s: float = 0.0
    headers: Mapping[str, str] = {}
