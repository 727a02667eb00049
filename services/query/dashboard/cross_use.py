"""*Kryssbruk*: where else one's own customers go, by partner and by group, with both shares."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from services.query.answer import Cell
from services.query.dashboard import bars, formats, peers
from services.query.dashboard.bars import Bar
from services.query.dashboard.drawing import draw
from services.query.dashboard.picture import Picture, table
from services.query.dashboard.style import Size
from services.query.dashboard.withheld import SIGN, is_withheld
from services.query.dashboard.wording import Texts

_WIDE, _NARROW = Size(480, 0), Size(276, 0)
#: In this order; partners and those who are not named are told by one's own share alike.
KINDS = (("organisation", "others"), ("industry",), ("region",))
#: Which heading each stands under.
KINDS_OF = {kind: kinds[0] for kinds in KINDS for kind in kinds}
#: Of fewer persons a share is written in whole per cents.
_WHOLE_PER_CENTS_BELOW = 1000
Shared = Mapping[str, Any]  # as /v1/cross-use answers it
_Line = Mapping[str, Any]  # one of its cells


class Card(Struct, frozen=True):
    """One kind of partners: those that are shown as bars, those that are not by why."""

    id: str
    title: str
    sentence: str
    picture: Picture | None
    withheld: tuple[str, ...]


class CrossUse(Struct, frozen=True):
    """What the page shows."""

    sentence: str
    cards: tuple[Card, ...]
    customers: str


def cells(found: Shared) -> list[Cell]:
    """Return what is shared, as cells."""
    return [Cell({}, one["shared"], why=one["why"]) for one in found["cells"]]


def page(texts: Texts, found: Shared, names: Mapping[str, str]) -> CrossUse:
    """Return the page; *names* are the organisations' by their ids."""
    lines: Sequence[_Line] = found["cells"]
    partners = [one for one in lines if one["kind"] == "organisation"]
    return CrossUse(
        sentence=_sentence(texts, found, partners, names),
        cards=tuple(
            _card(texts, found, [one for one in lines if one["kind"] in kinds], names)
            for kinds in KINDS
            if any(one["kind"] in kinds for one in lines)
        ),
        customers=texts(
            "cross_use.customers", n=formats.number(found["customers"], texts.language)
        ),
    )


def _sentence(
    texts: Texts, found: Shared, partners: Iterable[_Line], names: Mapping[str, str]
) -> str:
    if not found["customers"]:
        return texts("cross_use.nobody")
    known = [one for one in partners if one["shared"]]
    if known:
        top = max(known, key=lambda one: one["shared"])
        share = _percent(texts, top["share_of_own"], found["customers"])
        return texts("cross_use.sentence", share=share, name=names.get(top["name"], top["name"]))
    groups = [one for one in found["cells"] if one["shared"] and one["kind"] != "others"]
    if groups:
        top = max(groups, key=lambda one: one["shared"])
        share = _percent(texts, top["share_of_own"], found["customers"])
        return texts("cross_use.sentence", share=share, name=_name(texts, top, names))
    return texts("cross_use.withheld" if found["cells"] else "cross_use.alone")


def _card(texts: Texts, found: Shared, lines: Sequence[_Line], names: Mapping[str, str]) -> Card:
    """Show one kind of them, the largest first; who is not named stands last."""
    kind = KINDS_OF[lines[0]["kind"]]
    ordered = sorted(lines, key=lambda one: (one["kind"] == "others", -(one["shared"] or 0)))
    shown = [one for one in ordered if one["shared"] is not None]
    title, said = texts(f"cross_use.title_{kind}"), texts("cross_use.all_withheld")
    if shown:
        share = _percent(texts, shown[0]["share_of_own"], found["customers"])
        said = texts(f"cross_use.most_{kind}", name=_named(texts, shown[0], names), share=share)
    return Card(
        id=f"cross-use-{kind}",
        title=title,
        sentence=said,
        picture=_picture(texts, found["customers"], ordered, names, (title, said)),
        withheld=tuple(_withheld(texts, ordered, names)),
    )


def _picture(
    texts: Texts,
    customers: int,
    lines: Sequence[_Line],
    names: Mapping[str, str],
    said: tuple[str, str],
) -> Picture | None:
    rows = [
        Bar(_name(texts, one, names), one["share_of_own"], _label(texts, one, customers))
        for one in lines
        if one["shared"] is not None
    ]
    if not rows:
        return None
    return Picture(
        id=f"cross-use-{KINDS_OF[lines[0]['kind']]}",
        title=said[0],
        sentence=said[1],
        wide=draw(bars.bars(rows, _WIDE), texts.language),
        narrow=draw(bars.bars(rows, _NARROW), texts.language),
        table=table(*_table(texts, customers, lines, names)),
    )


def _withheld(texts: Texts, lines: Sequence[_Line], names: Mapping[str, str]) -> Iterable[str]:
    """Name those that are withheld, once for each why: a row of its own says no more of them."""
    by_why: dict[str, list[str]] = {}
    for one in lines:
        if is_withheld(one["why"]):
            by_why.setdefault(one["why"], []).append(_name(texts, one, names))
    for why, named in by_why.items():
        yield texts("cross_use.withheld_of", why=texts(f"why.{why}"), names=", ".join(named))


def _label(texts: Texts, one: _Line, customers: int) -> str:
    share = _percent(texts, one["share_of_own"], customers)
    if one["share_of_theirs"] is None:
        return share
    return texts("cross_use.both", share=share, theirs=_theirs(texts, one))


def _theirs(texts: Texts, one: _Line) -> str:
    """Write the share of the other's customers, as exactly as the answer has it."""
    if one["share_of_theirs"] is None:
        return SIGN if one["kind"] == "organisation" else ""
    return formats.percent(one["share_of_theirs"], texts.language)


def _percent(texts: Texts, share: float | None, customers: int) -> str:
    if share is None:
        return SIGN
    digits = 0 if customers < _WHOLE_PER_CENTS_BELOW else 1
    return formats.percent(share, texts.language, digits)


def _name(texts: Texts, one: _Line, names: Mapping[str, str]) -> str:
    """Name one of them as it stands alone."""
    said = _named(texts, one, names)
    return said[:1].upper() + said[1:]


def _named(texts: Texts, one: _Line, names: Mapping[str, str]) -> str:
    """Name one of them as it stands within a sentence."""
    match one["kind"]:
        case "organisation":
            return names.get(one["name"], one["name"])
        case "others":
            return texts("cross_use.others")
    return peers.name(texts, f"{one['kind']}:{one['name']}")


def _table(
    texts: Texts, customers: int, lines: Sequence[_Line], names: Mapping[str, str]
) -> tuple[list[str], list[list[str]]]:
    # lift stands in the answer where the network's persons were counted
    lifted = any(one.get("lift") is not None for one in lines)
    head = ["name", "shared", "share_of_own", "share_of_theirs", *(["lift"] if lifted else [])]
    body = []
    for one in lines:
        shared = SIGN if one["shared"] is None else formats.number(one["shared"], texts.language)
        line = [_name(texts, one, names), shared]
        line += [_percent(texts, one["share_of_own"], customers), _theirs(texts, one)]
        if lifted:
            lift = one.get("lift")
            line.append(SIGN if lift is None else formats.number(lift, texts.language, 2))
        body.append([*line, texts(f"why.{one['why']}") if is_withheld(one["why"]) else ""])
    return [*(texts(f"cross_use.head_{name}") for name in head), texts("withheld.why")], body
