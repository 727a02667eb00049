"""Hashes of what a name and a birth date are made of: they tell people apart, and join nobody.

Alone they fall to frequency analysis, so they leave this process sealed to identity only. What was
sealed by an earlier release lacks the later fields, and is compared without them.
"""

from functools import lru_cache

from msgspec import Struct

from kudos.identifiers import keyed_hash
from services.identity.normalise import mailbox_words, words

#: Shorter words are too often another name when one letter differs: Anne and Anna, Per and Pål.
_LONG = 5
_FULL = len("yyyy-mm-dd")


class Codes(Struct, frozen=True, omit_defaults=True):
    """Codes of 16 hex digits, but of 8 where only the two of a pair are ever compared."""

    given: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    birth: tuple[str, ...] = ()  # as much of it as came: of yyyy, of yyyy-mm, of yyyy-mm-dd
    initials: tuple[str, ...] = ()  # what each word of the given name begins with
    typos: tuple[str, ...] = ()  # 8: long given names with each letter left out, and as they are
    near: tuple[str, ...] = ()  # 8: the date without its day, month or year, and both ways round
    mailbox: tuple[str, ...] = ()  # words before the @, where no given name came


#: Of whom nothing is told.
NO_CODES = Codes()


def codes(
    ids: bytes,
    given_name: str | None,
    family_name: str | None,
    birth: str | None,
    email: str | None = None,
) -> Codes:
    """Return the codes of a customer's name, and normalised birth date and e-mail; unsorted.

    Where the whole name came as the family name, its first word is taken as given. Where no given
    name came, initials and typos are of the words in the e-mail.
    """
    given, family = words(given_name or ""), words(family_name or "")
    if not given and len(family) > 1:
        given, family = family[:1], family[1:]
    mailbox = [] if given else mailbox_words(email or "")
    called = given or mailbox
    return Codes(
        given=tuple(_code(ids, "name", word) for word in given),
        family=tuple(_code(ids, "name", word) for word in family),
        birth=tuple(_code(ids, "birth", birth[:n]) for n in (4, 7, 10) if n <= len(birth or ""))
        if birth
        else (),
        initials=tuple(_code(ids, "name", word[0]) for word in called),
        typos=tuple(code for word in called for code in _typos(ids, word)),
        near=_near(ids, birth) if birth and len(birth) == _FULL else (),
        mailbox=tuple(_code(ids, "name", word) for word in mailbox),
    )


@lru_cache(maxsize=50_000)
def _code(ids: bytes, kind: str, part: str) -> str:
    """Return one code; most names and all birth years have been seen before."""
    return keyed_hash(ids, f"code.{kind}", part)[:16]


@lru_cache(maxsize=20_000)
def _typos(ids: bytes, word: str) -> tuple[str, ...]:
    """Return codes of which two words share one where a letter is missing, wrong or moved by one.

    https://en.wikipedia.org/wiki/Deletion_neighborhood, of one deletion.
    """
    if len(word) < _LONG:
        return ()
    left = dict.fromkeys([word, *(word[:n] + word[n + 1 :] for n in range(len(word)))])
    return tuple(keyed_hash(ids, "code.typo", part)[:8] for part in left)


@lru_cache(maxsize=20_000)
def _near(ids: bytes, birth: str) -> tuple[str, ...]:
    """Return codes of which two dates share one where one part differs, or day and month change."""
    year, month, day = birth.split("-")
    first, second = sorted((month, day))
    parts = (f"{year}-{month}", f"{year}--{day}", f"-{month}-{day}", f"{year}:{first}:{second}")
    return tuple(keyed_hash(ids, "code.near", part)[:8] for part in parts)
