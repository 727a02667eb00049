"""*Drift*: is the data whole? For whoever runs KUDOS; nobody's sales are on it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from kudos.operations import Attribute, Letters, Operations
from kudos.register import OSLO, PROFILE_SOURCES, Feed, Register
from kudos.vendors import LABELS
from services.query.dashboard import formats, saying
from services.query.dashboard.picture import Table, table
from services.query.dashboard.wording import Texts
from services.query.live import lag
from services.query.operations import Running

#: A family of tables that is further behind needs somebody to look.
LATE_S = 300.0
#: Of each organisation's account.
_COUNTS = ("accepted", "counted", "without_customer", "dead", "sent_back", "erased", "difference")
#: As they stand in evidence, in the order of what is asked for most.
_ATTRIBUTES = ("gender", "birth", "postal_code", "segment")
_NONE = "\u2013"


class Section(Struct, frozen=True):
    """One question and its table; without one, *sentence* says why there is none."""

    id: str
    title: str
    sentence: str
    table: Table | None = None
    act: bool = False  # somebody has to do something
    hint: str | None = None
    words: int = 1  # so many columns, from the first on, are no numbers


class Page(Struct, frozen=True):
    """What the page shows."""

    sentence: str
    sections: tuple[Section, ...]


def page(texts: Texts, running: Running, register: Register, at: datetime) -> Page:
    """Return the page as of *at*."""
    found = running.found
    names = {id_: one.name for id_, one in register.organisations.items()}
    return Page(
        _sentence(texts, found),
        (
            _watermarks(texts, running.families, at),
            _coverage(texts, found, names),
            _ledger(texts, found, names, at),
            _stopped(texts, found, names, at),
            _letters(texts, found, names),
            _sources(texts, found, register, at),
            _attributes(texts, found.attributes, names),
        ),
    )


def _sentence(texts: Texts, found: Operations) -> str:
    before = found.ledger.watermark
    if before is None:
        return texts("operations.nothing")
    missing = sum(abs(account.difference) for account in found.ledger.accounts)
    if missing:
        return texts.count("operations.missing", missing)
    return texts("operations.whole", time=_time(texts, before))


def _watermarks(texts: Texts, families: Mapping[str, datetime], at: datetime) -> Section:
    title = texts("operations.watermarks")
    if not families:
        return Section("watermarks", title, texts("operations.no_watermarks"))
    ages = {family: lag(until, at) or 0.0 for family, until in families.items()}
    oldest = max(ages, key=lambda family: ages[family])
    late = ages[oldest] > LATE_S
    rows = [
        [_family(texts, name), _time(texts, families[name]), saying.ago(texts, ages[name])]
        for name in sorted(families)
    ]
    head = [texts(f"operations.{name}") for name in ("tables", "counted_to", "age")]
    said = texts(
        "operations.late" if late else "operations.oldest",
        family=_family(texts, oldest),
        ago=saying.ago(texts, ages[oldest]),
    )
    return Section("watermarks", title, said, table(head, rows), act=late)


def _sources(texts: Texts, found: Operations, register: Register, at: datetime) -> Section:
    feeds = {(whose, source): feed for (source, whose), feed in register.feeds.items()}
    delivered = {(one.organisation, one.source): one.at for one in found.deliveries}
    every = sorted({*feeds, *delivered})
    title = texts("operations.sources")
    if not every:
        return Section("sources", title, texts("operations.no_sources"))
    rows = []
    for whose, source in every:
        last = delivered.get((whose, source))
        rows.append(
            [
                _named(register, whose),
                source,
                _label(texts, source),
                _transport(texts, feeds.get((whose, source))),
                texts("operations.never") if last is None else saying.ago(texts, lag(last, at)),
            ]
        )
    head = ("organisation", "source", "label", "transport", "last_delivery")
    silent = sum(key not in delivered for key in feeds)
    said = texts.count("operations.silent", silent) if silent else texts("operations.all_delivered")
    hint = texts("operations.labels") + " " + texts("operations.profiles_last")
    heads = [texts(f"operations.{name}") for name in head]
    return Section("sources", title, said, table(heads, rows), hint=hint, words=4)


def _ledger(texts: Texts, found: Operations, names: Mapping[str, str], at: datetime) -> Section:
    accounts, title = found.ledger.accounts, texts("operations.ledger")
    if not accounts:
        return Section("ledger", title, texts("operations.nothing"))
    rows = [
        [names.get(account.organisation, account.organisation or _NONE)]
        + [formats.number(getattr(account, name), texts.language) for name in _COUNTS]
        for account in accounts
    ]
    head = [texts(f"operations.{name}") for name in ("organisation", *_COUNTS)]
    whole = found.ledger.balances
    said = texts("operations.balances" if whole else "operations.differs")
    hint = texts("operations.ledger_hint")
    if found.noted_at is not None:
        ago = saying.ago(texts, lag(found.noted_at, at))
        hint = f"{hint} {texts('operations.computed', ago=ago)}"
    return Section("ledger", title, said, table(head, rows), act=not whole, hint=hint)


def _stopped(texts: Texts, found: Operations, names: Mapping[str, str], at: datetime) -> Section:
    title, stopped = texts("operations.stopped"), found.stopped
    if not stopped:
        return Section("stopped", title, texts("operations.none_stopped"))
    rows = [
        [
            names.get(one.organisation, one.organisation),
            one.vendor,
            saying.ago(texts, lag(one.stopped_at, at)),
            texts.either(f"reasons.{one.reason}", one.reason or _NONE),
            one.detail or _NONE,
            f"kudos sources resume {one.vendor} {one.organisation}",
        ]
        for one in stopped
    ]
    head = ("organisation", "source", "since", "reason", "field", "when_mended")
    said = texts.count("operations.are_stopped", len(stopped))
    heads = [texts(f"operations.{name}") for name in head]
    hint = texts("operations.stopped_hint")
    return Section("stopped", title, said, table(heads, rows), act=True, hint=hint, words=6)


def _letters(texts: Texts, found: Operations, names: Mapping[str, str]) -> Section:
    title, letters = texts("operations.letters"), found.letters
    if not letters:
        return Section("letters", title, texts("operations.no_letters"))
    rows = [
        [
            names.get(one.organisation, one.organisation or _NONE),
            one.source or _NONE,
            one.topic or _NONE,
            texts.either(f"reasons.{one.reason}", one.reason or _NONE),
            _NONE if one.since is None else formats.day(one.since.astimezone(OSLO).date(), lang),
            _replay(one),
            formats.number(one.many, lang),
        ]
        for lang in (texts.language,)
        for one in letters
    ]
    names_of = ("organisation", "source", "topic", "reason", "first_received", "when_mended")
    head = [texts(f"operations.{name}") for name in (*names_of, "many")]
    said = texts.count("operations.lie_dead", sum(one.many for one in letters))
    hint = texts("operations.letters_hint")
    return Section("letters", title, said, table(head, rows), act=True, hint=hint, words=6)


def _replay(one: Letters) -> str:
    """Return the command that sends them back; here nobody holds the key that opens them."""
    chosen = {
        "organisation": one.organisation,
        "vendor": one.source,
        "topic": one.topic,
        "reason": one.reason,
    }
    told = [f"--{name} {value}" for name, value in chosen.items() if value]
    return " ".join(["kudos dead-letters replay", *told])


def _coverage(texts: Texts, found: Operations, names: Mapping[str, str]) -> Section:
    title = texts("operations.coverage")
    shares = {one.organisation: one.share for one in found.coverage}
    if not shares:
        return Section("coverage", title, texts("operations.no_tickets"))
    least = min(shares, key=lambda whose: shares[whose])
    rows = [
        [names.get(whose, whose), formats.percent(shares[whose], texts.language)]
        for whose in sorted(shares, key=lambda whose: (shares[whose], whose))
    ]
    said = texts(
        "operations.least_covered",
        name=names.get(least, least),
        share=formats.percent(shares[least], texts.language),
    )
    head = [texts("operations.organisation"), texts("operations.known")]
    return Section("coverage", title, said, table(head, rows))


def _attributes(texts: Texts, found: Sequence[Attribute], names: Mapping[str, str]) -> Section:
    title = texts("operations.attributes")
    if not found:
        return Section("attributes", title, texts("operations.no_attributes"))
    head = [texts(f"operations.{name}") for name in ("organisation", "source", "basis")]
    head += [texts(f"attributes.{name}") for name in _ATTRIBUTES]
    rows = list(_stated(texts, found, names))
    said = texts("operations.attributes_of")
    return Section("attributes", title, said, table(head, rows), words=3)


def _stated(
    texts: Texts, found: Sequence[Attribute], names: Mapping[str, str]
) -> Iterator[list[str]]:
    shares = {(a.organisation, a.source, a.basis, a.attribute): a.share for a in found}
    for whose, source, basis in sorted({key[:3] for key in shares}):
        told = [shares.get((whose, source, basis, name)) for name in _ATTRIBUTES]
        yield [
            names.get(whose, whose),
            texts.either(f"operations.source_{source}", source),
            texts(f"basis.{basis}"),
            *(_NONE if n is None else formats.percent(n, texts.language) for n in told),
        ]


def _named(register: Register, whose: str) -> str:
    one = register.organisations.get(whose)
    return whose or _NONE if one is None else one.name


def _family(texts: Texts, name: str) -> str:
    return texts.either(f"families.{name}", name)


def _label(texts: Texts, source: str) -> str:
    label = LABELS.get(source)
    return _NONE if label is None else texts(f"labels.{label}")


def _transport(texts: Texts, feed: Feed | None) -> str:
    if feed is None:
        return texts("operations.unregistered")
    if feed.id in PROFILE_SOURCES:
        return texts("operations.profiles")
    return texts(f"transports.{feed.transport}")


def _time(texts: Texts, at: datetime) -> str:
    local = at.astimezone(OSLO)
    clock = f"{formats.clock(local.hour * 60 + local.minute)}:{local.second:02d}"
    return f"{formats.day(local.date(), texts.language)} {clock}"
