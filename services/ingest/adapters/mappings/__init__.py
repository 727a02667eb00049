"""The mappings that are shipped: a vendor's file each, of those of whom nothing is public."""

from importlib.resources import files

from services.ingest.adapters.base import Adapter
from services.ingest.adapters.mapped import adapter


def shipped(vendor: str) -> Adapter:
    """Return the adapter of *vendor*'s file here."""
    return adapter((files(__name__) / f"{vendor}.toml").read_text("utf-8"))
