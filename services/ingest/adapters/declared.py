"""What the register declares of a feed beside what all have: ``statuses``, ``channels``, units."""

from collections.abc import Mapping
from typing import Literal, cast, get_args

from kudos.errors import Reason, Rejected
from kudos.records import Channel
from services.ingest.adapters.base import Origin

#: What has become of a purchase, or of a part of it.
Status = Literal["sold", "refunded", "draft", "test"]
Unit = Literal["main", "minor"]
_STATUSES, _CHANNELS, _UNITS = get_args(Status), get_args(Channel), get_args(Unit)


def status(sent: int | str | None, known: Mapping[str, Status], origin: Origin, at: str) -> Status:
    """Return what a vendor's code means, by the register, else by what is *known*.

    None was not sent: then it is sold. A code that nobody has declared is rejected, naming the
    field *at*: what it means is not guessed, and once the register says it the record is replayed.
    """
    if sent is None:
        return "sold"
    code = str(sent)
    found = _own(origin, "statuses").get(code, known.get(code.lower()))
    if found not in _STATUSES:
        raise Rejected(Reason.INVALID_FIELD, f"{at}: not among the statuses that are declared")
    return cast("Status", found)


def channel(names: tuple[str | None, ...], known: Mapping[str, Channel], origin: Origin) -> Channel:
    """Return the channel of the first of *names* that the register, else *known*, has; or other."""
    own = _own(origin, "channels")
    said = (own.get(name, known.get(name.lower())) for name in names if name is not None)
    found = next((one for one in said if one in _CHANNELS), "other")
    return cast("Channel", found)


def money_unit(origin: Origin) -> Unit:
    """Return whether amounts are kroner (main) or øre (minor), where nobody has documented it."""
    unit = origin.feed.own.get("money_unit", "main")
    if unit not in _UNITS:
        raise Rejected(Reason.INVALID_FIELD, "money_unit of the register: main or minor")
    return cast("Unit", unit)


def _own(origin: Origin, name: str) -> Mapping[str, object]:
    found = origin.feed.own.get(name)
    return found if isinstance(found, dict) else {}
