"""The simulated organisations as a register, the secrets they sign with, and their tokens."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from kudos.errors import Misconfigured
from kudos.local.register import new_vendor_secret
from kudos.local.secrets import write
from kudos.register import PROFILE_SOURCES, Register, parse
from simulation.houses import HOUSES, House
from simulation.orders import Feed
from simulation.otherwise import Told
from simulation.systems import SYSTEMS

#: The houses' own words, in the words that all share.
GENRES = {
    "Skuespill": "theatre",
    "Teater": "theatre",
    "Opera": "opera",
    "Samtidsdans": "dance",
    "Klassisk": "classical",
    "Kammermusikk": "classical",
    "Konsert": "popular",
    "Pop og rock": "popular",
    "Show": "popular",
    "Jazz": "jazz_folk",
    "Film": "film",
    "Samtale": "literature",
    "Grafikk": "exhibition",
    "Samtidskunst": "exhibition",
}
CLASSES = {
    "Ordinær": "full",
    "Honnør": "senior",
    "Student": "student",
    "Barn": "child",
    "Under 30": "youth",
    "Gruppe": "group",
    "Kampanje": "reduced",
    "Ledsager": "free",
    "Fribillett": "free",
}
#: The token's name in ``tokens.txt`` of who sees the running of it all and no figures.
OPERATOR = "operator"


class Access(Struct, frozen=True):
    """What lets it in: secrets by (organisation, vendor), and tokens by organisation."""

    secrets: dict[Feed, bytes]
    tokens: dict[str, str]
    register: Register


#: Nobody's way is another.
PUSHED: Mapping[Feed, Told] = {}


def install(
    register: Path, ingest_secrets: Path, tokens: Path, otherwise: Mapping[Feed, Told] = PUSHED
) -> Access:
    """Add what is missing of the simulated organisations to a register; harmless when repeated.

    A secret or a token that is there is kept, and so is every organisation that is there. Feeds are
    pushed, but for those of *otherwise*; where a vendor's server has moved, the register follows.
    """
    known = _tokens(tokens)
    before = register.read_text("utf-8") if register.is_file() else ""
    text = _moved(before, otherwise)
    there = parse(text)
    missing = [house for house in HOUSES if house.id not in there.organisations]
    added = [_organisation(house, otherwise) for house in missing]
    hashes = {name: hashlib.sha256(token.encode()).hexdigest() for name, token in known.items()}
    added += [
        _token(name, known_hash)
        for name, known_hash in hashes.items()
        if known_hash not in there.tokens
    ]
    whole = "\n".join([text.rstrip(), *added]).lstrip() + "\n"
    now = parse(whole)
    signed = _secrets(now, ingest_secrets)
    for told in otherwise.values():
        if told.secret:
            write(ingest_secrets / told.lines["credentials"], told.secret)
    if added or text != before:
        write(register, whole.rstrip())
    return Access(signed, known, now)


def _moved(text: str, otherwise: Mapping[Feed, Told]) -> str:
    """Return the register with the addresses at which vendors' servers answer now."""
    feeds = parse(text).feeds
    for (house, vendor), told in otherwise.items():
        feed = feeds.get((vendor, house))
        old = None if feed is None else feed.own.get("base_url")
        if isinstance(old, str) and "base_url" in told.lines:
            text = text.replace(f'"{old}', f'"{told.lines["base_url"]}')
    return text


def _organisation(house: House, otherwise: Mapping[Feed, Told]) -> str:
    head = f"""
[[organisation]]
id = "{house.id}"
name = "{house.name}"
industry = "{house.industry}"
county = "{house.county}"
owner = "{house.id}"
currency = "{house.currency}"
city = "{house.city}"
venues = {_inline(house.venues)}
cross_use = {"true" if house.tickets % 2_000 == 0 else "false"}
ticket_classes = {_inline(CLASSES)}
genres = {_inline({k: v for k, v in GENRES.items() if k == house.genre})}
"""
    feeds = [
        f"""{_why(house, vendor)}[[organisation.vendor]]
id = "{vendor}"
{_lines(otherwise.get((house.id, vendor)))}secrets = ["{vendor}.{house.id}.1"]
items = {_inline(SYSTEMS[vendor].items)}
"""
        for vendor in house.feeds
    ]
    sources = [
        f"""[[organisation.vendor]]
id = "{source}"
numbers_of = "{house.feeds[0]}"
secrets = ["{source}.{house.id}.1"]
"""
        for source in house.sources
    ]
    return head + "".join(feeds + sources)


def _lines(told: Told | None) -> str:
    lines = {"transport": "push"} | dict({} if told is None else told.lines)
    return "".join(f'{name} = "{value}"\n' for name, value in lines.items())


def _why(house: House, vendor: str) -> str:
    """Return what an operator wants to know of a feed of the open standard."""
    if house.system is None or vendor != "homemade":
        return ""
    return f"# it sells through {house.system}, for which a script sends the open standard\n"


def _inline(pairs: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f'"{key}" = "{value}"' for key, value in pairs.items()) + " }"


def _token(name: str, sha256: str) -> str:
    whose = "" if name == OPERATOR else f'organisation = "{name}"\n'
    role = OPERATOR if name == OPERATOR else "organisation"
    return f'\n[[token]]\nsha256 = "{sha256}"\nrole = "{role}"\n{whose}'


def _tokens(path: Path) -> dict[str, str]:
    """Return the tokens in *path*, one ``name token`` a line; those that are missing are made."""
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    known = dict(line.split() for line in lines if line.strip())
    names = [house.id for house in HOUSES] + [OPERATOR]
    missing = {name: secrets.token_urlsafe(24) for name in names if name not in known}
    if missing:
        known |= missing
        write(path, "\n".join(f"{name} {token}" for name, token in known.items()))
    return known


def _secrets(register: Register, folder: Path) -> dict[Feed, bytes]:
    """Return the newest secret of every simulated feed; those that are missing are made."""
    found = {}
    for feed in [(house.id, name) for house in HOUSES for name in house.feeds + house.sources]:
        known = register.feeds.get((feed[1], feed[0]))
        if known is None and feed[1] in PROFILE_SOURCES:
            # an earlier release wrote this register
            continue
        if known is None or not known.secrets:
            what = f"{feed[0]} has no secret of {feed[1]}"
            raise Misconfigured(
                f"register of organisations: {what}; for a demo's of an earlier release start anew"
            )
        path = folder / known.secrets[0]
        if not path.is_file():
            write(path, new_vendor_secret())
        found[feed] = base64.b64decode(path.read_text("utf-8").strip().removeprefix("whsec_"))
    return found
