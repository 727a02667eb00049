"""How sure it is what each vendor sends, as its adapter says: told to operators.

Services that know no adapter read it from a file that ``make docs`` makes of all of them.
"""

from collections.abc import Mapping
from importlib.resources import files
from typing import Literal

import msgspec

#: Documented by the vendor; read in public code; neither.
Label = Literal["DOC", "SEEN", "ASSUMED"]

#: By the id of the vendor, or of the source of profiles.
LABELS: Mapping[str, Label] = msgspec.json.decode(
    (files("kudos") / "labels.json").read_bytes(), type=dict[str, Label]
)
