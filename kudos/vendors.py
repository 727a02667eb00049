"""How sure it is what each vendor sends: told by adapters, and to operators.

A test holds this list to the adapters' own labels.
"""

from collections.abc import Mapping
from typing import Literal

#: Documented by the vendor; read in public code; neither.
Label = Literal["DOC", "SEEN", "ASSUMED"]

LABELS: Mapping[str, Label] = {
    "homemade": "DOC",
    "tixly": "SEEN",
    "hoopla": "SEEN",
    "ticketco": "SEEN",
    "eventim": "ASSUMED",
    "ticketmaster": "DOC",
    "ebillett": "SEEN",
    "dx": "SEEN",
    "tessitura": "DOC",
    "trekksoft": "ASSUMED",
    "businesscentral": "DOC",
    "duell": "SEEN",
    "pckasse": "SEEN",
    "datanova": "SEEN",
    "saft": "DOC",
    "enjoyly": "ASSUMED",
    "reztic": "ASSUMED",
    "sro": "ASSUMED",
    "tikkio": "ASSUMED",
    "museumbillett": "ASSUMED",
    "billetten": "ASSUMED",
    # sources of profiles
    "tagtool": "ASSUMED",
    "dnb": "SEEN",
    "markethype": "ASSUMED",
}
