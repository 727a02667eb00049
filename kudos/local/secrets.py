"""The secrets of a local system: what is missing is made, and what is there is left alone."""

import re
import secrets
from pathlib import Path

from kudos.sealing import new_key_pair, public_half
from kudos.topics import ACCOUNTS

#: Who seals for whom: the accounts that hold a reader's public half.
_SEALS = {
    "identity": ("ingest", "identity", "replay"),
    "replay": ("ingest", "identity", "enrich", "aggregate", "replay"),
}


def make_missing(folder: Path) -> dict[str, str]:
    """Make what is missing below *folder*, and return every account's Kafka password."""
    passwords = {name: _secret(folder, name, "kafka") for name in (*ACCOUNTS, "admin")}
    _secret(folder, "identity", "ids")
    _secret(folder, "identity", "pseudonym.1")
    _secret(folder, "query", "session")
    # by which `kudos publish` is known to the query service
    asks = _secret(folder, "operator", "publish")
    if not (folder / "query" / "publish").is_file():
        write(folder / "query" / "publish", asks)
    for reader, writers in _SEALS.items():
        _sealing_keys(folder, reader, writers)
    return passwords


def _sealing_keys(folder: Path, reader: str, writers: tuple[str, ...]) -> None:
    """Make what is missing of *reader*'s pair; a key that is there is never made anew.

    What was sealed to it could not be opened any more. Writers seal to the newest.
    """
    found = (re.fullmatch(r"seal\.\w+\.(\d+)", p.name) for p in (folder / reader).glob("seal.*"))
    newest = max((int(match[1]) for match in found if match), default=None)
    private = folder / reader / f"seal.{reader}.{newest or 1}"
    if newest is None:
        write(private, new_key_pair()[0])
    public = public_half(private.read_text("utf-8"))
    for writer in writers:
        path = folder / writer / f"seal.{reader}.public"
        if not path.is_file() or path.read_text("utf-8").strip() != public:
            write(path, public)


def _secret(folder: Path, account: str, name: str) -> str:
    path = folder / account / name
    if not path.is_file():
        write(path, secrets.token_hex(32))
    return path.read_text("utf-8").strip()


def write(path: Path, text: str) -> None:
    """Write *text* so that only this user can read it, and nobody ever sees half of it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    draft = path.with_name(f".{path.name}.new")
    draft.touch(mode=0o600)
    draft.write_text(text + "\n", "utf-8")
    draft.replace(path)
