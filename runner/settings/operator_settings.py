"""The operator's settings: read once from the environment into one frozen value, with all faults reported together.

One table (`SETTINGS`) is the only place with names, defaults and help texts, so that the reader, the reference page and
`doctor` cannot disagree. Nothing else reads the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from sandbox import RunLimits

from .declaration import Setting, describe, read_all, setting
from .key_strength import KEY_CHARS
from .mail_settings import MailSettings
from .readers import (
    Network,
    certificates_file,
    folder,
    listen_address,
    networks,
    number,
    one_of,
    origins,
    some_of,
    text,
    whole,
    words,
    yes_or_no,
)
from .rules import PREFIX, fill_in, own_database, rules

MIB = 1024 * 1024


class SettingsError(Exception):
    """The settings in the environment are not valid. Each of the `faults` says what is wrong and what to do."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("The settings are not valid:\n" + "\n".join(f"  - {fault}" for fault in faults))
        self.faults = faults


@dataclass(frozen=True)
class Settings(MailSettings):
    """Everything the operator decides. `repr` shows no secret; addresses with passwords count as secrets."""

    environment: str = setting(
        PREFIX + "ENV",
        one_of("development", "production"),
        "production",
        "production refuses every development stand-in; `session-status up` sets development",
    )
    data_folder: Path = setting(  # noqa: RUF009 - a field, like all of these; ruff knows `field` only
        PREFIX + "DATA_FOLDER",
        folder,
        Path("data"),
        "where a development run keeps its data (database, store, generated key). Production keeps nothing there, "
        "unless DATABASE_URL names an SQLite file in it",
    )
    public_url: str = setting(
        PREFIX + "PUBLIC_URL",
        text,
        "",
        "the address at which browsers reach this server: https://, a host and optionally a port, and nothing else. The "
        "addresses in redirects, links and metadata start with it. Development: http://127.0.0.1:8000",
    )
    secret_key: str = setting(
        PREFIX + "SECRET_KEY",
        text,
        "",
        "signs cookies and return addresses and encrypts connection secrets. Development: generated in the data folder",
        secret=True,
        unit=f"at least {KEY_CHARS} random characters",
    )
    secret_keys_old: tuple[str, ...] = setting(
        PREFIX + "SECRET_KEYS_OLD",
        words,
        (),
        "earlier keys that are still accepted while the key is changed",
        secret=True,
        unit="comma list",
    )
    database_url: str = setting(
        "DATABASE_URL",
        text,
        "",
        "postgresql://… or sqlite:///absolute/path. Development: SQLite in the data folder",
        secret=True,
    )
    redis_url: str = setting(
        "REDIS_URL",
        text,
        "",
        "redis://…, rediss://… or unix://… of a Valkey or Redis server that does not evict keys. Development: an embedded "
        "server",
        secret=True,
    )
    web_bind: str = setting(
        PREFIX + "WEB_BIND", listen_address, "127.0.0.1:8000", "IP address and port on which the web server listens"
    )
    web_processes: int = setting(PREFIX + "WEB_PROCESSES", whole(1, 64), 2, "number of web server processes")
    web_threads: int = setting(PREFIX + "WEB_THREADS", whole(4, 512), 32, "threads of each web server process")
    web_connections: int = setting(
        PREFIX + "WEB_CONNECTIONS",
        whole(64, 65_536),
        4096,
        "connections of each web server process; further ones wait until one of these ends",
    )
    web_waiting: int = setting(
        PREFIX + "WEB_WAITING",
        whole(0, 512),
        16,
        "how many requests of each process may wait in threads for a first answer, at most three quarters of them for one "
        "implementation; must be less than the number of threads. The widget page waits there; the app's requests wait "
        "without a thread, and may be half as many as the process may have connections",
    )
    web_wait_s: float = setting(
        PREFIX + "WEB_WAIT", number(0, 2), 0.8, "how long a request may wait for a first answer", unit="seconds"
    )
    web_asks: int = setting(
        PREFIX + "WEB_ASKS",
        whole(10, 1_000_000),
        30,
        "how often one user may ask for statuses within 10 seconds, of each web process; apps that wait as they are told ask "
        "less. Raise it for load tests with few users",
    )
    web_runs_per_s: int = setting(
        PREFIX + "WEB_RUNS_PER_S",
        whole(1, 100_000),
        500,
        "how many runs a second each web process may start for one implementation; beyond it, users see the last message or "
        "that it is being checked, and are told when to ask again",
    )
    trusted_proxies: int = setting(
        PREFIX + "TRUSTED_PROXIES", whole(0, 8), 0, "how many proxies before the server add to X-Forwarded-For"
    )
    venue_networks: tuple[Network, ...] = setting(
        PREFIX + "VENUE_NETWORKS",
        networks,
        (),
        "networks of venues, where many people share one address (at most an IPv4 /8 or an IPv6 /32); they are exempt from "
        "the limits on logins from one address",
        unit="comma list",
    )
    widget_frames: tuple[str, ...] = setting(
        PREFIX + "WIDGET_FRAMES",
        origins,
        (),
        "other origins whose pages may frame the widget",
        unit="comma list",
    )
    worker_processes: int = setting(PREFIX + "WORKER_PROCESSES", whole(1, 64), 1, "worker processes that `up` starts")
    worker_runs: int = setting(
        PREFIX + "WORKER_RUNS",
        whole(1, 256),
        80,
        "runs in flight in each worker process; one implementation has at most three quarters of them",
    )
    background_jobs: int = setting(
        PREFIX + "BACKGROUND_JOBS",
        whole(1, 16),
        2,
        "background jobs, such as imports of large agenda files, that each background worker may have in flight",
    )
    max_wall_s: float = setting(PREFIX + "MAX_WALL", number(0.1, 30), 10.0, "longest time of one run", unit="seconds")
    max_cpu_s: float = setting(PREFIX + "MAX_CPU", number(0.1, 30), 2.0, "longest CPU time of one run", unit="seconds")
    max_memory_mib: int = setting(PREFIX + "MAX_MEMORY", whole(8, 1024), 128, "most memory of one run", unit="MiB")
    max_calls: int = setting(PREFIX + "MAX_CALLS", whole(0, 100), 20, "most calls that one run may make")
    max_read_mib: int = setting(PREFIX + "MAX_READ", whole(1, 64), 4, "most data that one run may read", unit="MiB")
    sandbox_allow_weak: bool = setting(
        PREFIX + "SANDBOX_ALLOW_WEAK",
        yes_or_no,
        False,
        "run scripts even if a probe of the jail got through",
        development_only=True,
    )
    sandbox_require: frozenset[str] = setting(
        PREFIX + "SANDBOX_REQUIRE",
        some_of("landlock", "namespaces"),
        frozenset(),
        "layers of the jail without which no script may run (the probes are always required)",
        unit="comma list",
    )
    allow_loopback_vendors: bool = setting(
        PREFIX + "ALLOW_LOOPBACK_VENDORS",
        yes_or_no,
        False,
        "connections may lead to this machine",
        development_only=True,
    )
    vendor_ca_file: str = setting(
        PREFIX + "VENDOR_CA_FILE",
        certificates_file,
        "",
        "file with certificates of authorities (PEM) to trust in addition to the system's, for every address that is "
        "called: vendors, identity providers' metadata, keys (JWKS), token introspection and login relays, and the mail server",
    )
    return_token_hours: int = setting(
        PREFIX + "RETURN_TOKEN_HOURS", whole(1, 168), 24, "how long a signed return address works", unit="hours"
    )
    log_level: str = setting(
        PREFIX + "LOG_LEVEL", one_of("DEBUG", "INFO", "WARNING", "ERROR"), "INFO", "what is logged to standard error"
    )
    log_format: str = setting(
        PREFIX + "LOG_FORMAT",
        one_of("text", "json"),
        "text",
        "the format of the log: `text`, lines for people, or `json`, one object a line",
    )

    @classmethod
    def from_environment(cls, env: Mapping[str, str], *, make: bool = True) -> Settings:
        """Read `env`. In development, missing settings get a stand-in. Raises `SettingsError` with all faults.

        Without `make`, nothing is written, and a key that would be generated is empty.
        """
        values, faults = read_all(SETTINGS, env)
        values["data_folder"] = values["data_folder"].absolute()
        if not faults and values["environment"] == "development":
            faults += fill_in(values, make=make)
        faults += rules(values, {one.name: one.attribute for one in SETTINGS if one.development_only})
        if faults:
            raise SettingsError(tuple(faults))
        return cls(**values)

    @property
    def production(self) -> bool:
        """Whether this is production, where stand-ins are refused."""
        return self.environment == "production"

    @property
    def data_folder_is_used(self) -> bool:
        """Whether anything is kept in the data folder: in production, only an SQLite database that lies in it."""
        return not self.production or self.database_url.startswith(f"sqlite:///{self.data_folder}/")

    @property
    def database_is_own(self) -> bool:
        """Whether the database is the one in the data folder of a development run, which no setting has to name."""
        return not self.production and self.database_url == own_database(self.data_folder)

    @property
    def keys(self) -> tuple[str, ...]:
        """The key that signs, then those that are still accepted."""
        return (self.secret_key, *self.secret_keys_old)

    @property
    def most(self) -> RunLimits:
        """The operator's limits: what an implementation may ask for at most."""
        return RunLimits(
            wall_s=self.max_wall_s,
            cpu_s=self.max_cpu_s,
            memory_bytes=self.max_memory_mib * MIB,
            calls=self.max_calls,
            read_bytes=self.max_read_mib * MIB,
        )


#: In the order of the reference; what is inherited comes last.
_OWN = [entry for entry in fields(Settings) if entry.name not in MailSettings.__dataclass_fields__]
SETTINGS: tuple[Setting, ...] = tuple(describe(entry) for entry in (*_OWN, *fields(MailSettings)))
