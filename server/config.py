"""All settings of the server: from the environment (`GALLERIA_*`), a TOML file, or the defaults.

`GALLERIA_LISTEN__PORT=9000` sets `port` in the group `listen`; the file named by
`GALLERIA_CONFIG_FILE` (else `galleria.toml` in the working folder, when it is there) says the same
as `[listen]` with `port = 9000`. The environment wins over the file. The groups `room`, `commerce`,
`payment` and `recommender` are the settings of those packages themselves, so they cannot fall out
of step.
"""

import os
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from commerce import CommerceError, CommerceSettings, PaymentSettings
from recommender.errors import RecommenderError
from recommender.settings import RecommenderSettings
from rooms.settings import PoseSettings, RoomSettings
from server.auth.keys import (
    HOST_KEY_FILE,
    HOST_KEY_LENGTH_MINIMUM,
    check_length,
    new_host_key,
    secret_from_file,
)
from server.config_access import AuthSettings, BlocksSettings, DoorSettings, HttpSettings
from server.config_groups import (
    ListenSettings,
    LogSettings,
    RealtimeSettings,
    WorkerSettings,
)
from server.config_sources import (
    PREFIX,
    config_file,
    invalid,
    problem_of,
    refuse_unknown_variables,
    toml_source,
    variable_of,
    with_lists,
)

if TYPE_CHECKING:
    from server.auth.tokens import TokenLimits
    from server.blocks import BlocksLimits
    from server.connection_limits import ConnectionLimits
    from server.effects import EffectLimits
    from server.hosted_room import HostLimits
    from server.http.door import DoorLimits
    from server.hub import WelcomeFacts
    from server.recorder import RecorderLimits
    from server.registry import RegistryLimits
    from server.session import SessionLimits
    from server.workers.directory import DirectoryLimits

SHOP_FILE = "shop.sqlite3"
GATEWAY_FILE = "test-gateway.sqlite3"
INTERACTIONS_FILE = "interactions.sqlite3"


class Settings(BaseSettings):
    """Everything that can be set, checked as a whole before anything starts."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    listen: ListenSettings = Field(default_factory=ListenSettings)
    data_dir: Path = Field(
        default=Path("var"),
        description="Folder of databases, assets, recordings and secrets; made if missing.",
    )
    database_url: str = Field(
        default="",
        description="Address of the shop's database. Unset: an SQLite file in the data folder.",
    )
    asset_workers: int = Field(
        default_factory=lambda: max(1, min(4, os.cpu_count() or 1)),
        ge=1,
        le=64,
        description="Processes that make meshes at the first start; unset: one a core, at most 4.",
    )
    log: LogSettings = Field(default_factory=LogSettings)
    realtime: RealtimeSettings = Field(default_factory=RealtimeSettings)
    auth: AuthSettings = Field(default_factory=AuthSettings)
    http: HttpSettings = Field(default_factory=HttpSettings)
    door: DoorSettings = Field(default_factory=DoorSettings)
    blocks: BlocksSettings = Field(default_factory=BlocksSettings)
    workers: WorkerSettings = Field(default_factory=WorkerSettings)
    room: RoomSettings = Field(default_factory=RoomSettings)
    pose: PoseSettings = Field(default_factory=PoseSettings)
    commerce: CommerceSettings
    payment: PaymentSettings = Field(default_factory=PaymentSettings)
    recommender: RecommenderSettings

    @classmethod
    def load(
        cls,
        *,
        host: str | None = None,
        port: int | None = None,
        data_dir: Path | None = None,
        workers: int | None = None,
    ) -> Self:
        """Read the settings; what is passed (from a command line) wins over everything.

        Raises SETTINGS_INVALID, whose message and `data["problems"]` name every setting that is
        wrong, or CONFIG_FILE_UNREADABLE. Values are never repeated: they may be secrets.
        """
        listen = {"host": host, "port": port}
        passed: dict[str, Any] = {
            "listen": {name: value for name, value in listen.items() if value is not None}
        }
        if data_dir is not None:
            passed["data_dir"] = data_dir
        if workers is not None:
            passed["workers"] = {"count": workers}
        refuse_unknown_variables(os.environ, cls.model_fields)
        try:
            return cls(**passed)
        except ValidationError as error:
            raise invalid([problem_of(entry) for entry in error.errors()]) from None
        except (RecommenderError, CommerceError) as error:
            raise invalid([{"setting": _field_of(error), "problem": error.message}]) from None
        except SettingsError as error:
            raise invalid([{"setting": "", "problem": f"{error}."}]) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the interface of the base
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The order of the sources: what was passed, environment, file of settings."""
        sources = (init_settings, env_settings)
        path = config_file(os.environ)
        if path is None:
            return (*sources, file_secret_settings)
        return (*sources, toml_source(settings_cls, path), file_secret_settings)

    @model_validator(mode="before")
    @classmethod
    def _place_files(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Put what has no place of its own into the data folder."""
        folder = Path(values.get("data_dir", "var")).absolute()
        commerce = dict(values.get("commerce", {}))
        commerce.setdefault(
            "database_url", values.get("database_url") or _sqlite(folder, SHOP_FILE)
        )
        commerce.setdefault("gateway_database_url", _sqlite(folder, GATEWAY_FILE))
        recommender = dict(values.get("recommender", {}))
        recommender.setdefault("database_url", _sqlite(folder, INTERACTIONS_FILE))
        recommender.setdefault("artefact_dir", folder / "models")
        placed = {"data_dir": folder, "commerce": commerce, "recommender": recommender}
        return {**values, **placed, "payment": with_lists(values.get("payment", {}))}

    def host_key(self) -> str:
        """The key that lets staff in; made in the data folder when none is set."""
        if self.auth.host_key is not None:
            return check_length(
                self.auth.host_key.get_secret_value(),
                HOST_KEY_LENGTH_MINIMUM,
                "GALLERIA_AUTH__HOST_KEY",
            )
        return secret_from_file(
            self.data_dir / HOST_KEY_FILE, new_host_key, HOST_KEY_LENGTH_MINIMUM
        )

    # --- what each part is given ----------------------------------------------------------------

    def commerce_settings(self) -> CommerceSettings:
        """Settings of `commerce.Commerce`, which remembers who was erased while a token lives."""
        auth, kept_ms = self.auth, self.commerce.erasure_retention_ms
        lives_ms = max(kept_ms, auth.guest_token_ttl_ms, auth.host_token_ttl_ms)
        return replace(self.commerce, erasure_retention_ms=lives_ms)

    def payment_settings(self) -> PaymentSettings:
        """Ways to pay of `commerce.Commerce`."""
        return self.payment

    def recommender_settings(self) -> RecommenderSettings:
        """Settings of `recommender.service.RecommenderService`."""
        return self.recommender

    def registry_limits(self) -> "RegistryLimits":
        """Limits of `server.registry.Registry`."""
        from server.registry import RegistryLimits

        realtime = self.realtime
        return RegistryLimits(
            capacity=self.room.capacity,
            seat_reservation_ms=realtime.seat_reservation_ms,
            reservations_max=realtime.reservations_max,
        )

    def directory_limits(self) -> "DirectoryLimits":
        """Limits of `server.workers.directory.Directory`."""
        from server.workers.directory import DirectoryLimits
        from server.workers.invites import InviteLimits
        from server.workers.placement import PlacementLimits

        realtime, workers = self.realtime, self.workers
        return DirectoryLimits(
            PlacementLimits(workers.rooms_max, workers.placement_busy_fraction),
            InviteLimits(realtime.invite_ttl_ms, realtime.invite_uses, realtime.invites_max),
            room_linger_ms=workers.room_linger_ms,
            rejoin_ms=workers.rejoin_ms,
            seats_max=workers.seats_max,
        )

    def host_limits(self) -> "HostLimits":
        """Limits of `server.room_host.RoomHost`."""
        from server.hosted_room import HostLimits

        realtime = self.realtime
        return HostLimits(
            beat_ms=realtime.beat_ms,
            beat_places=realtime.beat_places,
            tick_rate_hz=realtime.tick_rate_hz,
            inbox_max=realtime.room_inbox_max,
            avatars_max=realtime.avatars_max,
        )

    def connection_limits(self) -> "ConnectionLimits":
        """Limits of `server.connection.Connection`; they have the names of our settings."""
        from server.connection_limits import ConnectionLimits

        names = {field.name for field in fields(ConnectionLimits)}
        return ConnectionLimits(
            **self.realtime.model_dump(include=names),
            allowed_origins=self._origins(),
            trusted_proxies=self.listen.trusted_proxies,
        )

    def _origins(self) -> tuple[str, ...]:
        """Origins of pages that may connect besides the one that the Host header names; behind a
        proxy the page comes from the public address."""
        public = (self.listen.public_url,) if self.listen.public_url else ()
        return (*self.listen.allowed_origins, *public)

    def door_limits(self) -> "DoorLimits":
        """Limits of `server.http.door.Door`; they have the names of our settings."""
        from server.http.door import DoorLimits

        return DoorLimits(**self.door.model_dump())

    def blocks_limits(self) -> "BlocksLimits":
        """Limits of `server.blocks.Blocks`; they have the names of our settings."""
        from server.blocks import BlocksLimits

        return BlocksLimits(**self.blocks.model_dump())

    def token_limits(self) -> "TokenLimits":
        """Limits of `server.auth.tokens.GuestTokens`."""
        from server.auth.tokens import TokenLimits

        return TokenLimits(self.auth.verified_max, self.auth.erased_max)

    def session_limits(self) -> "SessionLimits":
        """Limits of `server.session.SessionRegistry`."""
        from server.session import SessionLimits

        return SessionLimits(
            queue_max=self.realtime.reliable_queue_max,
            queue_max_bytes=self.realtime.reliable_queue_max_bytes,
            grace_period_ms=self.room.grace_period_ms,
            sessions_max=self.realtime.sessions_max,
        )

    def recorder_limits(self) -> "RecorderLimits":
        """Limits of `server.recorder.Recorder`."""
        from server.recorder import RecorderLimits

        realtime = self.realtime
        return RecorderLimits(
            journal_max_bytes=realtime.journal_max_bytes,
            journals_kept=realtime.journals_kept,
            checkpoint_steps=realtime.journal_checkpoint_steps,
            flush_ms=realtime.journal_flush_ms,
        )

    def effect_limits(self) -> "EffectLimits":
        """Limits of `server.effects.EffectRunner`."""
        from server.effects import EffectLimits

        return EffectLimits(
            in_flight_max=self.realtime.effects_in_flight_max,
            party_capacity=self.room.party_capacity,
            recommendations=self.realtime.recommendations,
            display_places=self.realtime.display_places,
        )

    def welcome_facts(self, tick_rate_hz: int = 0) -> "WelcomeFacts":
        """What `server.hub.GameHub` tells in every Welcome; the rate is that of the store's rooms,
        0: as the settings say."""
        from server.hub import WelcomeFacts

        return WelcomeFacts(
            tick_rate_hz=tick_rate_hz or self.realtime.tick_rate_hz,
            grace_period_ms=self.room.grace_period_ms,
            ping_interval_ms=self.realtime.ping_interval_ms,
        )


def _sqlite(folder: Path, name: str) -> str:
    return f"sqlite+aiosqlite:///{(folder / name).as_posix()}"


def _field_of(error: RecommenderError | CommerceError) -> str:
    path = str(error.data.get("field", "")).split(".")
    for group, kind in (("commerce", CommerceSettings), ("payment", PaymentSettings)):
        if isinstance(error, CommerceError) and path[0] in {field.name for field in fields(kind)}:
            return variable_of((group, *path))
    return ".".join(path)
