"""Membership: where the register counts an organisation, and from which day on.

A change counts from the next month, so that no month holds a group before and after it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from msgspec import Struct

from kudos.register import Organisation as Registered
from services.query.disclosure.model import Membership, Organisation

_DAY = timedelta(days=1)
FIRST, LAST = date(1970, 1, 1), date(2105, 12, 31)


class Member(Struct, frozen=True):
    """Where one organisation counts from *since* on; *gone*: nowhere."""

    organisation: str
    since: date
    industry: str
    city: str
    owner: str
    gone: bool = False

    def same(self, other: "Member") -> bool:
        """Tell whether both count in the same places."""
        mine, theirs = (
            (m.gone, () if m.gone else (m.industry, m.city, m.owner)) for m in (self, other)
        )
        return mine == theirs


class Span(Struct, frozen=True):
    """A member, and the last day of it."""

    member: Member
    until: date


def follow(
    known: Sequence[Member], register: Mapping[str, Registered], today: date
) -> list[Member]:
    """Return what has to be added to *known* so that it ends as *register* is.

    Who is new counts in all it ever sold; who changes, or leaves, does so on the first of the
    next month, and whoever changes back before then never changed.
    """
    newest: dict[str, Member] = {}
    for member in sorted(known, key=lambda m: m.since):
        newest[member.organisation] = member
    then = _next_month(today)
    found = []
    for one in register.values():
        since = then if one.id in newest else FIRST
        member = Member(one.id, since, one.industry, one.city, one.owner)
        if one.id not in newest or not member.same(newest[one.id]):
            found.append(member)
    for name, before in newest.items():
        if name not in register and not before.gone:
            found.append(Member(name, then, before.industry, before.city, before.owner, gone=True))
    return found


def spans(members: Iterable[Member]) -> list[Span]:
    """Return each member with its last day; who is gone has none."""
    history: dict[str, list[Member]] = {}
    for member in sorted(members, key=lambda m: (m.organisation, m.since)):
        history.setdefault(member.organisation, []).append(member)
    found = []
    for held in history.values():
        untils = [*(m.since - _DAY for m in held[1:]), LAST]
        found += [
            Span(m, u) for m, u in zip(held, untils, strict=True) if not m.gone and u >= m.since
        ]
    return found


def organisations(
    held: Iterable[Span], seen: Mapping[str, Iterable[str]]
) -> dict[str, Organisation]:
    """Return what disclosure control must know; *seen* is where each one was found to contribute.

    A venue elsewhere counts as long as its organisation does.
    """
    found: dict[str, Organisation] = {}
    for span in held:
        one = span.member
        places = {"network", f"industry:{one.industry}", f"region:{one.city[:2]}"}
        places |= {f"city:{one.city}", f"industry-region:{one.industry}/{one.city[:2]}"}
        places |= {s for s in seen.get(one.organisation, ()) if s.startswith(("region", "city"))}
        before = found.get(one.organisation)
        memberships = tuple(Membership(s, one.since, span.until) for s in sorted(places))
        found[one.organisation] = Organisation(
            one.organisation,
            one.owner,
            (*(before.memberships if before else ()), *memberships),
        )
    return found


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
