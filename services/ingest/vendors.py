"""The vendors that are read: those that are shipped, and what an operator corrects or adds."""

import re
from collections.abc import Mapping
from pathlib import Path

from kudos.errors import Misconfigured
from kudos.register import PROFILE_SOURCES
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.base import Adapter
from services.ingest.adapters.mapped import adapter

#: The directory beside the register that holds an operator's own mappings, VENDOR.toml each.
MAPPINGS = "mappings"


def adapters(register: Path) -> Mapping[str, Adapter]:
    """Return the adapters by vendor: a mapping beside the *register* wins over what is shipped.

    It may also be of a vendor that nothing is shipped of. Raise Misconfigured for one that is
    wrong.
    """
    own = sorted((register.parent / MAPPINGS).glob("*.toml"))
    return {**ADAPTERS, **{path.stem: _adapter(path) for path in own}}


def _adapter(path: Path) -> Adapter:
    place = f"{MAPPINGS}/{path.name}"
    if not re.fullmatch("[a-z0-9]{1,40}", path.stem) or path.stem in PROFILE_SOURCES:
        raise Misconfigured(f"{place}: its name is no vendor's")
    try:
        return adapter(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{place}: {type(error).__name__}") from None
    except Misconfigured as error:
        raise Misconfigured(f"{place}: {error}") from None
