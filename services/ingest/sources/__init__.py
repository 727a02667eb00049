"""One module for each source of profiles: a pure function from its native record to persons."""

from collections.abc import Mapping

from services.ingest.adapters.base import Adapter
from services.ingest.sources import dnb, markethype, tagtool

#: The adapters by the source's id in the address and the register. NPU Monitor speaks of nobody in
#: particular, so it is a register that is imported: ``kudos reference import npumonitor``.
SOURCES: Mapping[str, Adapter] = {
    "tagtool": tagtool.ADAPTER,
    "dnb": dnb.ADAPTER,
    "markethype": markethype.ADAPTER,
}
