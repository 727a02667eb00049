"""The secrets of a local system: what is missing is made, and what is there is left alone."""

import secrets
from pathlib import Path

from kudos.sealing import new_key_pair
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
    for reader, writers in _SEALS.items():
        _sealing_keys(folder, reader, writers)
    return passwords


def _sealing_keys(folder: Path, reader: str, writers: tuple[str, ...]) -> None:
    """Make the pair of *reader* unless it is there; all its public halves go with it."""
    private = folder / reader / f"seal.{reader}.1"
    publics = [folder / writer / f"seal.{reader}.public" for writer in writers]
    if private.is_file() and all(p.is_file() for p in publics):
        return
    key, public = new_key_pair()
    for path, text in [(private, key), *((p, public) for p in publics)]:
        write(path, text)


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
