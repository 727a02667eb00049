"""What each vendor's system sells, and what of a customer it can tell."""

from collections.abc import Mapping

from msgspec import Struct

from kudos.records import Item

_NAME = ("given_name", "family_name")
_PLACE = ("street", "postal_code", "country")
#: What the register says of articles: a till knows of each its name alone.
_SHOP: Mapping[str, Item] = {
    "Program": "merchandise",
    "Plakat": "merchandise",
    "Bok": "merchandise",
    "Kaffe": "food",
    "Vafler": "food",
    "Pausemeny": "food",
    "Gave": "donation",
    "Gavekort": "gift_card",
}
_TICKETS = ("Ordinær", "Honnør", "Student", "Barn", "Under 30", "Gruppe", "Ledsager", "Fribillett")
_TILL: Mapping[str, Item] = {**_SHOP, **dict.fromkeys(_TICKETS, "ticket")}


class System(Struct, frozen=True):
    """A system, as far as it decides what is sold and told."""

    #: The particulars of a customer that it has fields for; None: all, and shops ask as they like.
    tells: tuple[str, ...] | None
    seldom: Mapping[str, float] = {}  # how often one of them comes at all
    by_number: bool = False  # without the number nothing is told
    one_name: bool = False  # given and family name are one text
    two_genders: bool = False  # it has numbers or words for no third
    no_country: bool = False  # a postal code comes without its country, so none from abroad does
    web_and_counter: bool = False  # it sells nowhere else
    tickets_alone: bool = False  # as a house's second system too, where others are its shop's
    single: bool = True  # a line each piece
    discounts: bool = False
    extras: bool = False  # what else a house offers is bought with its tickets
    items: Mapping[str, Item] = {}

    def fields(self, all_of_them: tuple[str, ...]) -> tuple[str, ...]:
        """Return the particulars that it has fields for."""
        return all_of_them if self.tells is None else self.tells


SYSTEMS: Mapping[str, System] = {
    "homemade": System(None, single=False, discounts=True, extras=True),
    "tixly": System(("number",), web_and_counter=True),
    "hoopla": System(
        ("number", *_NAME, "email", "phone"), seldom={"phone": 0.7}, web_and_counter=True
    ),
    "ticketco": System(("number", *_NAME, "email"), discounts=True, items=_SHOP),
    "eventim": System(
        ("number", *_NAME, "email", "phone", "postal_code", "birth_date"),
        seldom={"phone": 0.6, "birth_date": 0.3},
        no_country=True,
    ),
    "ticketmaster": System(("email",)),
    "ebillett": System((), tickets_alone=True, items=_SHOP),
    "dx": System(
        ("number", *_NAME, "email", "phone", "postal_code"),
        seldom={"phone": 0.7, "postal_code": 0.5},
        no_country=True,
        items=_SHOP,
    ),
    "tessitura": System(
        ("number", *_NAME, "email", "phone", *_PLACE, "gender"),
        seldom={"phone": 0.5, "gender": 0.4},
        by_number=True,
        two_genders=True,
        discounts=True,
        extras=True,
        items=_SHOP,
    ),
    "trekksoft": System(
        (*_NAME, "email", "phone", "postal_code", "country"), single=False, items=_SHOP
    ),
    "businesscentral": System(
        ("number", *_NAME, "email", "phone", *_PLACE),
        seldom={"phone": 0.5},
        one_name=True,
        single=False,
        discounts=True,
        items=_TILL,
    ),
    "duell": System(("number", *_PLACE), by_number=True, single=False, discounts=True, items=_TILL),
    "pckasse": System(
        ("number", *_NAME, "email", "phone", *_PLACE),
        one_name=True,
        single=False,
        discounts=True,
        items=_TILL,
    ),
    "datanova": System((), single=False, items=_TILL),
    "saft": System(
        ("number", *_NAME, "email", "phone", *_PLACE),
        seldom={"email": 0.8, "phone": 0.4},
        by_number=True,
        one_name=True,
        single=False,
        discounts=True,
        extras=True,
        items=_TILL,
    ),
}
