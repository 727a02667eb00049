"""What a service is told by its environment: read once, refused with the name of what is wrong.

Secrets are files, one directory an account below ``KUDOS_SECRETS``, so that no service can read
another's: ``ingest/ identity/ enrich/ aggregate/ query/ replay/ operator/``.
"""

from pathlib import Path
from typing import ClassVar, Self
from urllib.parse import quote

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from kudos.errors import Misconfigured
from kudos.kafka import Config, client_config


class Settings(BaseSettings):
    """What every service and command needs; a service's own ``settings.py`` adds to it."""

    model_config = SettingsConfigDict(
        env_prefix="KUDOS_", env_ignore_empty=True, frozen=True, extra="ignore"
    )
    #: The directory below ``secrets`` that is this process's.
    account: ClassVar[str]

    kafka: str  # bootstrap servers, host:port[,host:port…]
    clickhouse: str  # http://user:password@host:8123/kudos
    secrets: Path

    @classmethod
    def read(cls) -> Self:
        """Return the settings that the environment holds, or raise Misconfigured."""
        try:
            return cls()
        except ValidationError as error:
            names = [
                f"KUDOS_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()
            ]
            raise Misconfigured("; ".join(names)) from None

    def secret(self, name: str) -> str:
        """Return the text of the secret *name* of this account, or raise Misconfigured."""
        found = self.optional_secret(name)
        if found is None:
            raise Misconfigured(f"KUDOS_SECRETS: {self.account}/{name} is missing")
        return found

    def optional_secret(self, name: str) -> str | None:
        """Return the text of the secret *name* of this account, or None where there is none."""
        path = self.secrets / self.account / name
        try:
            return path.read_text("utf-8").strip() if path.is_file() else None
        except (OSError, UnicodeDecodeError):
            raise Misconfigured(f"KUDOS_SECRETS: cannot read {self.account}/{name}") from None

    def kafka_config(self) -> Config:
        """Return the configuration of a Kafka client of this account."""
        return client_config(self.kafka, self.account, self.optional_secret("kafka"))

    def clickhouse_url(self) -> str:
        """Return the address of ClickHouse, with this account's password where there is one."""
        password = self.optional_secret("clickhouse")
        if password is None:
            return self.clickhouse
        scheme, _, rest = self.clickhouse.partition("://")
        return f"{scheme}://{self.account}:{quote(password, safe='')}@{rest.rpartition('@')[2]}"
