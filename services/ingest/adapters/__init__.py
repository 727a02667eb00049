"""One module for each vendor: a pure function from its native record to transactions."""

from collections.abc import Mapping

from services.ingest.adapters import (
    businesscentral,
    datanova,
    duell,
    dx,
    ebillett,
    eventim,
    homemade,
    hoopla,
    pckasse,
    saft,
    tessitura,
    ticketco,
    ticketmaster,
    tixly,
    trekksoft,
)
from services.ingest.adapters.base import Adapter
from services.ingest.adapters.mappings import shipped

#: The adapters by the vendor's id in the address and the register.
ADAPTERS: Mapping[str, Adapter] = {
    "homemade": homemade.ADAPTER,
    "tixly": tixly.ADAPTER,
    "hoopla": hoopla.ADAPTER,
    "ticketco": ticketco.ADAPTER,
    "eventim": eventim.ADAPTER,
    "ticketmaster": ticketmaster.ADAPTER,
    "ebillett": ebillett.ADAPTER,
    "dx": dx.ADAPTER,
    "tessitura": tessitura.ADAPTER,
    "trekksoft": trekksoft.ADAPTER,
    "businesscentral": businesscentral.ADAPTER,
    "duell": duell.ADAPTER,
    "pckasse": pckasse.ADAPTER,
    "datanova": datanova.ADAPTER,
    "saft": saft.ADAPTER,
    "enjoyly": shipped("enjoyly"),
    "reztic": shipped("reztic"),
    "sro": shipped("sro"),
    "tikkio": shipped("tikkio"),
    "museumbillett": shipped("museumbillett"),
    "billetten": shipped("billetten"),
}
