"""People that are planted, and a search that finds them however they are written."""

import base64
import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote

#: An invented person, in words that occur nowhere else.
PERSON = {
    "number": "KN-8812-XQZ",
    "given_name": "Xanthippe",
    "family_name": "Qvistgårdsøn",
    "email": "xanthippe.plantet@example.no",
    "phone": "+47 987 65 401",
    "street": "Plantevollkroken 77",
    "postal_code": "0155",
    "country": "NO",
    "birth_date": "1931-12-29",
    "gender": "female",
}
#: What may be found nowhere in the clear. A year and month, and a postal code, may.
SECRETS = (
    PERSON["number"],
    PERSON["given_name"],
    PERSON["family_name"],
    "Qvistgaardsoen",  # as it is folded
    "qvistgardson",
    PERSON["email"],
    "98765401",
    "987 65 401",
    PERSON["street"],
    "plantevollkroken",
    PERSON["birth_date"],
)


def forms(secret: str) -> Iterator[bytes]:
    """Yield *secret* as it may be written: cases, escapes, base64 at each alignment, hex."""
    for text in {secret, secret.lower(), secret.upper(), secret.casefold()}:
        raw = text.encode()
        yield raw
        yield text.encode("utf-16-le")
        yield json.dumps(text)[1:-1].encode()
        yield quote(text).encode()
        yield raw.hex().encode()
        for shift in range(3):
            # of the digits, six bits each, those that hold nothing of what stands beside it
            coded = base64.b64encode(b"\0" * shift + raw)
            yield coded[-(-8 * shift // 6) : 8 * (shift + len(raw)) // 6]


class Search:
    """Looks for any of some secrets in bytes."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._needles = {
            needle: secret
            for secret in secrets
            for needle in forms(secret)
            # shorter would be found by chance
            if len(needle) >= 8
        }
        self.looked_at = 0

    def found(self, haystack: bytes) -> set[str]:
        """Return which of the secrets *haystack* holds."""
        self.looked_at += len(haystack)
        return {secret for needle, secret in self._needles.items() if needle in haystack}
