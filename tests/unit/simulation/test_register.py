"""The organisations in a register: added once, and nothing that is there is touched."""

import hashlib
from pathlib import Path

from kudos.register import parse
from simulation.houses import HOUSES
from simulation.register import install


def test_adds_every_organisation_with_a_secret_a_feed_and_a_token(tmp_path: Path) -> None:
    access = install(tmp_path / "register.toml", tmp_path / "ingest", tmp_path / "tokens.txt")
    register = parse((tmp_path / "register.toml").read_text("utf-8"))
    assert {house.id for house in HOUSES} == register.organisations.keys()
    assert access.secrets.keys() == {(house, vendor) for vendor, house in register.feeds}
    for name, token in access.tokens.items():
        known = register.tokens[hashlib.sha256(token.encode()).hexdigest()]
        assert name == (known.organisation or known.role)


def test_leaves_what_is_there(tmp_path: Path) -> None:
    own = '[[organisation]]\nid = "egen"\nname = "Egen"\nindustry = "kino"\n'
    own += 'county = "03"\ncity = "0301"\nowner = "egen"\n'
    register = tmp_path / "register.toml"
    register.write_text(own, "utf-8")
    first = install(register, tmp_path / "ingest", tmp_path / "tokens.txt")
    text = register.read_text("utf-8")
    assert first == install(register, tmp_path / "ingest", tmp_path / "tokens.txt")
    assert text == register.read_text("utf-8")
    assert text.startswith(own)


def test_secrets_and_tokens_are_for_nobody_else_to_read(tmp_path: Path) -> None:
    install(tmp_path / "register.toml", tmp_path / "ingest", tmp_path / "tokens.txt")
    for path in [*(tmp_path / "ingest").iterdir(), tmp_path / "tokens.txt"]:
        assert 0o600 == path.stat().st_mode & 0o777
