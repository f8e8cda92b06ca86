"""Settings of one installation: the only module that reads the environment.

Values come from ``TENDERS_…`` variables, else from ``tenders.toml`` in the home folder, else from
the defaults here. `crawler.cli`, `scheduler` and Scrapy's ``settings.py`` ask `load`; everyone else
is handed what they need.
"""

from __future__ import annotations

import os
import re
import tomllib
from email.errors import MessageError
from email.headerregistry import Address
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from crawler.errors import ConfigError

FILE = "tenders.toml"


class Settings(BaseSettings):
    """One installation's settings. Every field is documented in README under *Settings*."""

    model_config = SettingsConfigDict(env_prefix="TENDERS_", extra="forbid", frozen=True)

    home: Path = Field(default=Path(), description="folder that holds var/")
    database_url: str = Field(default="", description="SQLAlchemy URL; SQLite in var/ if empty")
    smtp_url: str = Field(
        default="", description="smtp[s]://user:password@host:port; files if empty"
    )
    base_url: str = Field(default="http://127.0.0.1:8000", description="where people reach the web")
    secret_key: str = Field(default="", description="signs links; 32 random characters or more")
    sender: str = Field(default="digest@arts-tenders.example", description="From of every mail")
    contact: str = Field(
        default="hello@arts-tenders.example", description="User-Agent and mail footer name it"
    )
    bounce_address: str = Field(
        default="", description="where bounces return; bounce@ the sender's domain if empty"
    )
    bounce_folder: Path | None = Field(
        default=None, description="a Maildir where bounces land; read by the scheduler"
    )
    staff: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="who is told how each round of sending went; commas between them"
    )
    dkim_selector: str = Field(default="", description="with dkim_key_file: mails are signed")
    dkim_key_file: Path | None = Field(default=None, description="RSA private key in PEM")
    mails_per_minute: int = Field(default=60, ge=1, description="to one recipient domain")
    lease_seconds: int = Field(
        default=60, ge=2, description="a sender that is silent for so long counts as dead"
    )
    keep_mail_days: int = Field(default=30, ge=1, description="texts of sent mails are dropped")
    timezone: str = Field(default="Europe/London", description="zone of weekdays and hours")
    keep_raw_months: int = Field(default=24, ge=1, description="raw releases are pruned after it")
    keep_contacts_months: int = Field(
        default=6, ge=1, description="contacts that no page publishes are deleted after it"
    )

    keep_backups: int = Field(default=14, ge=1, description="backups in var/backups")
    sources_file: Path | None = Field(
        default=None, description="this installation's own rows; sources.toml in home if empty"
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="json writes each log line as one JSON object"
    )
    proxies: int = Field(
        default=0, ge=0, le=5, description="reverse proxies in front of the web app"
    )
    metrics_token: str = Field(
        default="", description="whoever brings it reads /metrics; this machine only if empty"
    )
    rate_limit: int = Field(default=240, ge=1, description="web requests a minute of one network")

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(
                f"{value!r} is no time zone; write one such as Europe/London"
            ) from error
        return value

    @field_validator("metrics_token")
    @classmethod
    def _hard_to_guess(cls, value: str) -> str:
        if value and (len(value) < 32 or not value.isascii() or not value.isprintable()):
            raise ValueError("it can be guessed or sent badly; set 32 random letters and digits")
        return value

    @field_validator("staff", mode="before")
    @classmethod
    def _addresses(cls, value: object) -> object:
        """The environment has one text with commas, the file may have a list."""
        return tuple(filter(None, re.split(r"[,\s]+", value))) if isinstance(value, str) else value

    @field_validator("staff", "bounce_address")
    @classmethod
    def _mail_addresses(cls, value: tuple[str, ...] | str) -> tuple[str, ...] | str:
        for one in (value,) if isinstance(value, str) else value:
            try:
                good = not one or (one.isascii() and Address(addr_spec=one).domain)
            except (ValueError, IndexError, MessageError):
                good = False
            if not good:
                raise ValueError(f"{one!r} is no mail address; write one such as me@example.org")
        return value

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @property
    def var(self) -> Path:
        """The folder for everything this installation writes."""
        return self.home / "var"

    @property
    def own_sources(self) -> Path:
        """The file of this installation's own sources, whether or not it exists."""
        return self.home / (self.sources_file or "sources.toml")

    @property
    def outbox(self) -> Path:
        """Where mail lands while no SMTP server is set."""
        return self.var / "outbox"

    @property
    def model(self) -> Path:
        """Where models trained here are kept."""
        return self.var / "model"

    @property
    def forgotten(self) -> Path:
        """Where the forget list's hashes are kept beside the database."""
        return self.var / "forgotten"

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.var / 'tenders.sqlite'}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments beat the environment, the environment beats the file."""
        file = Path(os.environ.get("TENDERS_HOME", "")) / FILE
        del dotenv_settings, file_secret_settings  # neither is read
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=file)


def load() -> Settings:
    """The settings in force. Raises `ConfigError` naming the setting, the reason and the file."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "TENDERS_" + "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigError(
            f"setting {name} (or its line in {FILE}) is wrong: {first['msg']}."
            " Correct it and start again."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{FILE} is not valid TOML in UTF-8: {error}. Correct it.") from error
