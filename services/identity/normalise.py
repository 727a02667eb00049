"""Bring what customers are told apart by into one form; None is what is no identifier at all.

The plain cases take a short path, the library the rest; a test holds that the two agree. Values
that many share (a till's placeholder phone, a box office's e-mail) stay: what is shared is known
only when everybody's are seen, so that is resolve's to find.
"""

import re
import unicodedata
from datetime import date

import email_validator
import phonenumbers
from anyascii import anyascii
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError

NORWAY = "NO"
#: Longer is no e-mail address (RFC 5321), phone number (E.164), name or street.
_LONGEST = 254

_LABEL = r"(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+"
_PLAIN_EMAIL = re.compile(rf"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@{_LABEL}[a-z]{{2,24}}")
#: RFC 6761: the library refuses these.
_SPECIAL = tuple(f"{sign}{name}" for name in SPECIAL_USE_DOMAIN_NAMES for sign in "@.")
_PLAIN_PHONE = re.compile(r"(?:\+47|0047)?([2-9][0-9]{7})")


def email(text: str) -> str | None:
    """Return an e-mail address, case folded, or None where *text* is none; nothing is looked up."""
    folded = text.strip().casefold()
    return folded if is_plain_email(folded) else validated_email(text.strip())


def is_plain_email(folded: str) -> bool:
    """Tell whether *folded* is an ASCII address that every reading of the RFCs takes."""
    return (
        len(folded) <= _LONGEST
        and _PLAIN_EMAIL.fullmatch(folded) is not None
        # labels of DNS end at 63; the library asks for an address's labels one by one
        and (len(folded) <= 63 or max(map(len, folded.split("."))) <= 63)
        and not folded.endswith(_SPECIAL)
    )


def validated_email(text: str) -> str | None:
    """Return *text* as email-validator takes it, case folded; it asks no name server."""
    if len(text) > _LONGEST:
        return None
    try:
        valid = email_validator.validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return None
    return unicodedata.normalize("NFC", valid.normalized.casefold())


def phone(text: str, region: str | None = None) -> str | None:
    """Return a phone number as E.164; one without a country code is of *region*, else Norwegian."""
    region = region or NORWAY
    packed = text.strip().replace(" ", "")
    plain = _PLAIN_PHONE.fullmatch(packed)
    if plain and (region == NORWAY or packed[0] == "+"):
        return f"+47{plain[1]}"
    return parsed_phone(text, region)


def parsed_phone(text: str, region: str) -> str | None:
    """Return *text* as phonenumbers reads it in *region*, or None where it reads no number."""
    if len(text) > _LONGEST:
        return None
    try:
        # "+47 (0) 22…": the zero is dialled only at home
        number = phonenumbers.parse(text.replace("(0)", ""), region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


_NORWEGIAN = str.maketrans({"å": "aa", "æ": "ae", "ø": "oe"})
_WORD = re.compile(r"[a-z0-9]+")
#: O'Brien is OBrien; anyascii writes a soft sign so too.
_APOSTROPHES = str.maketrans("", "", "'`")


def words(text: str) -> list[str]:
    """Return the words of *text* so that Kåre, Kaare and Kare are one, and Bjørn, Bjoern and Bjorn.

    Letters are folded the Norwegian way first (å→aa, ø→oe, æ→ae), then as anyascii has them, and
    then each pair to its first letter: å is written both aa and a.
    """
    folded = text[:_LONGEST].casefold()
    if not folded.isascii():
        composed = unicodedata.normalize("NFC", folded).translate(_NORWEGIAN)
        folded = anyascii(composed).casefold()
    folded = folded.replace("aa", "a").replace("ae", "a").replace("oe", "o")
    return _WORD.findall(folded.translate(_APOSTROPHES))


def mailbox_words(address: str) -> list[str]:
    """Return the words before the @ of *address*, where there are several: kari.nordmann7@…

    One alone does not tell which part of it is a name.
    """
    local = re.sub("[0-9]+", " ", address.partition("@")[0])
    found = words(local)
    return found if len(found) > 1 else []


def name(given: str | None, family: str | None) -> str | None:
    """Return a name's words in the order of the alphabet: forms mix given and family names up."""
    return " ".join(sorted(words(f"{given or ''} {family or ''}"))) or None


_STREET = re.compile(r"(?:(gat[ae]n?|gt)|(vei(?:en)?|veg(?:en)?|vn))$")


def street(text: str | None) -> str | None:
    """Return a street and house number; Storgata 1 B, Storgaten 1b and Storgt. 1B are one."""
    if not text:
        return None
    plain = [_STREET.sub(_kind_of_street, word) for word in words(text)]
    return re.sub(r"(?<=[0-9]) (?=[a-z]\b)", "", " ".join(plain)) or None


def _kind_of_street(found: "re.Match[str]") -> str:
    return "gate" if found[1] else "vei"


_BIRTH = re.compile(r"[0-9]{4}(?:-[0-9]{2}){0,2}")
_OLDEST = date(1900, 1, 1)


def birth_date(text: str | None, today: date) -> str | None:
    """Return yyyy-mm-dd, yyyy-mm or yyyy; None before 1900, after *today* or where it is no day."""
    said = text.strip() if text else ""
    if not _BIRTH.fullmatch(said):
        return None
    try:
        born = date.fromisoformat(said + "-01-01"[len(said) - 4 :])
    except ValueError:
        return None
    return said if _OLDEST <= born <= today else None


def country(text: str | None) -> str | None:
    """Return an ISO 3166-1 alpha-2 code, or None."""
    code = (text or "").strip().upper()
    return code if code in phonenumbers.SUPPORTED_REGIONS else None


_DIGITS_OF_NORWAY = re.compile(r"(?:NO?-)?([0-9]{1,4})")
_DIGITS_OF_NOWHERE = re.compile(r"(?:NO?-)?([0-9]{3,4})")
_FOREIGN = re.compile(r"[A-Z0-9](?:[A-Z0-9 -]{0,10}[A-Z0-9])?")


def postal_code(text: str | None, of: str | None) -> tuple[str, str] | None:
    """Return a country and its postal code; *of* is the country that the order says, if any.

    Where it says none, four digits are Norwegian, and three are where a spreadsheet ate the zero.
    """
    code = " ".join((text or "").upper().split())
    if of is None or of == NORWAY:
        digits = (_DIGITS_OF_NORWAY if of else _DIGITS_OF_NOWHERE).fullmatch(code)
        return (NORWAY, digits[1].zfill(4)) if digits else None
    # "123 45" and "12345", "1234-567" and "1234567" are one
    return (of, re.sub("[ -]", "", code)) if _FOREIGN.fullmatch(code) else None
