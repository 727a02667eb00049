"""What a service is told is read once, and what is missing or wrong is named, never quoted."""

from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote, urlsplit

import pytest

from kudos.errors import Misconfigured
from kudos.settings import Settings
from services.identity.settings import Settings as Identity


class Ours(Settings):
    """Of an account in tests."""

    account: ClassVar[str] = "ours"
    ours_port: int = 8001


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.setenv("KUDOS_KAFKA", "127.0.0.1:9092")
    monkeypatch.setenv("KUDOS_CLICKHOUSE", "http://u:p@127.0.0.1:8123/kudos")
    monkeypatch.setenv("KUDOS_SECRETS", str(tmp_path))
    return monkeypatch


def secret(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


@pytest.mark.parametrize("name", ["KUDOS_KAFKA", "KUDOS_CLICKHOUSE", "KUDOS_SECRETS"])
@pytest.mark.parametrize("value", [None, ""])
def test_what_is_missing_or_empty_is_named(
    environment: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    if value is None:
        environment.delenv(name)
    else:
        environment.setenv(name, value)
    with pytest.raises(Misconfigured, match=f"^{name}: Field required$"):
        Ours.read()


def test_all_that_is_missing_is_named_at_once(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("KUDOS_KAFKA")
    environment.setenv("KUDOS_OURS_PORT", "hemmelig")
    with pytest.raises(Misconfigured) as wrong:
        Ours.read()
    assert "KUDOS_KAFKA" in str(wrong.value)
    assert "KUDOS_OURS_PORT" in str(wrong.value)
    assert "hemmelig" not in str(wrong.value)


def test_a_secret_is_its_account_s_and_without_the_line_s_end(tmp_path: Path) -> None:
    secret(tmp_path, "ours/key", "abc\n")
    secret(tmp_path, "theirs/other", "def\n")
    settings = Ours.read()
    assert "abc" == settings.secret("key")
    assert settings.optional_secret("other") is None
    with pytest.raises(Misconfigured, match=r"^KUDOS_SECRETS: ours/other is missing$"):
        settings.secret("other")


def test_a_secret_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "key").write_bytes(b"\xff\xfe")
    with pytest.raises(Misconfigured, match=r"^KUDOS_SECRETS: cannot read ours/key$"):
        Ours.read().secret("key")


@pytest.mark.parametrize("password", ["plain", "a@b/c:d?e#f%20 æ"])
def test_the_account_s_password_wins_over_the_address_s(tmp_path: Path, password: str) -> None:
    assert "http://u:p@127.0.0.1:8123/kudos" == Ours.read().clickhouse_url()
    secret(tmp_path, "ours/clickhouse", password)
    url = urlsplit(Ours.read().clickhouse_url())
    assert ("ours", password) == (url.username, unquote(url.password or ""))
    assert ("127.0.0.1", 8123, "/kudos") == (url.hostname, url.port, url.path)


def test_kafka_s_clients_sign_in_where_there_is_a_password(tmp_path: Path) -> None:
    assert "sasl.password" not in Ours.read().kafka_config()
    secret(tmp_path, "ours/kafka", "word")
    config = Ours.read().kafka_config()
    assert ("ours", "word") == (config["sasl.username"], config["sasl.password"])
    assert "SCRAM-SHA-256" == config["sasl.mechanism"]


# --- identity's -----------------------------------------------------------------------------------


def test_identity_s_keys_are_all_versions_in_order(tmp_path: Path) -> None:
    secret(tmp_path, "identity/ids", "0a" * 32)
    for version in (1, 2, 3):
        secret(tmp_path, f"identity/pseudonym.{version}", f"{version:02d}" * 32)
    secret(tmp_path, "identity/pseudonym.1.retired", "retired")
    keys = Identity.read().keys()
    assert tuple(bytes.fromhex(f"0{n}" * 32) for n in (1, 2, 3)) == keys.versions
    assert bytes.fromhex("0a" * 32) == keys.ids


def test_a_version_between_others_must_be_there(tmp_path: Path) -> None:
    secret(tmp_path, "identity/ids", "0a" * 32)
    for version in (1, 10):
        secret(tmp_path, f"identity/pseudonym.{version}", "0a" * 32)
    with pytest.raises(Misconfigured, match=r"identity/pseudonym\.2 is missing"):
        Identity.read().keys()


@pytest.mark.parametrize("missing", ["ids", "pseudonym.1"])
def test_a_key_that_is_missing_is_named(tmp_path: Path, missing: str) -> None:
    for name in {"ids", "pseudonym.1"} - {missing}:
        secret(tmp_path, f"identity/{name}", "0a" * 32)
    with pytest.raises(Misconfigured, match=f"^KUDOS_SECRETS: identity/{missing} is missing$"):
        Identity.read().keys()


@pytest.mark.parametrize("text", ["0a" * 15, "æ" * 64, "xy" * 32, ""])
def test_a_key_that_is_none_is_named_and_not_quoted(tmp_path: Path, text: str) -> None:
    secret(tmp_path, "identity/pseudonym.1", "0a" * 32)
    secret(tmp_path, "identity/ids", text)
    with pytest.raises(Misconfigured, match=r"identity/ids is not 32 hex digits or more$"):
        Identity.read().keys()
