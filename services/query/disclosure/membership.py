"""Which scopes an organisation counts in: a change holds from the next month on."""

from datetime import date

from services.query.disclosure.model import Membership, Organisation, Rule, Rules


def scopes_of(organisation: Organisation, day: date, rules: Rules) -> frozenset[str]:
    """Name the scopes that an organisation's sales of a day count in.

    A month has one membership from its first day to its last, so that every period is the sum of
    its months whatever the register says later.
    """
    if not rules.on(Rule.MEMBERSHIP):
        return frozenset(m.scope for m in organisation.memberships if m.until == date.max)
    return frozenset(m.scope for m in organisation.memberships if _holds(m, day))


def _holds(membership: Membership, day: date) -> bool:
    return _next_month(membership.since) <= day.replace(day=1) and day.replace(day=1) < _next_month(
        membership.until
    )


def _next_month(day: date) -> date:
    """Give the first of the next month; a first of the month is one itself."""
    if day in (date.min, date.max) or day.day == 1:
        return day
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
