"""Settings from the environment: each with a default and one sentence; nothing else reads ``os.environ``."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from urllib.parse import urlsplit


class BadSetting(Exception):
    """A setting cannot be used; the message is one line that says what to do."""


@dataclass(frozen=True)
class Setting:
    """One environment variable: its name, its default as text, and what it is for."""

    name: str
    default: str
    sentence: str


SETTINGS = (
    Setting("HOST", "127.0.0.1", "Address that the server listens on."),
    Setting("PORT", "8000", "Port that the server listens on."),
    Setting("DATA_DIR", "instance", "Folder of the SQLite database, the secret key and cached files."),
    Setting("DATABASE_URL", "", "Database; empty means SQLite in DATA_DIR, or postgresql+psycopg://user@host/name."),
    Setting("DATABASE_POOLER", "0", "1 where DATABASE_URL leads to a pooler in transaction mode, such as PgBouncer."),
    Setting("REDIS_URL", "", "Optional Redis for what several servers share: rate limits, and the figures of screens."),
    Setting("SECRET_KEY", "", "Key of cookies and tokens; made once and kept in DATA_DIR where unset."),
    Setting("BASE_URL", "", "Public address in links and QR codes; empty means http://HOST:PORT."),
    Setting("TRUSTED_PROXIES", "0", "How many reverse proxies in front set X-Forwarded-For and -Proto."),
    Setting("METRICS_TOKEN", "", "Bearer token of /metrics; empty hides the page."),
    Setting("SMS_BACKEND", "none", "Text messages: none, console (into the log alone), aliyun or tencent (docs/messages.md)."),
    Setting("SMS_SIGN", "", "Signature of text messages as it was approved, 2 to 12 characters."),
    Setting("SMS_TEMPLATES", "", "Approved templates, as in confirmed=SMS_1,reminder=SMS_2 (docs/messages.md)."),
    Setting("SMS_KEY_ID", "", "Access key (aliyun AccessKey ID, tencent SecretId)."),
    Setting("SMS_KEY_SECRET", "", "Its secret."),
    Setting("SMS_APP_ID", "", "SdkAppId (tencent alone)."),
    Setting("SMS_ENDPOINT", "", "Address of the text message service where it is not the provider's usual one."),
    Setting("MAIL_URL", "", "Mail server, smtp://user:password@host:587?from=address (or smtps://); console: into the log alone; empty: no mail."),
    Setting("REMIND_AT", "18:00", "Hour of the evening before at which people are reminded; off: no reminders."),
    Setting("QR_CASE", "upper", "Case of the address in the QR code: upper (smaller code) or lower."),
    Setting("SERVER_THREADS", "128", "Requests that one server process works on at the same time."),
    Setting("SERVER_WORKERS", "1", "Server processes; more than 1 only with PostgreSQL."),
    Setting("WORKER", "inside", "Who sends messages and cleans up: inside (the server starts a worker) or apart (flask worker is run elsewhere)."),
    Setting("LOG_LEVEL", "INFO", "Least level of the log lines: DEBUG, INFO, WARNING, ERROR."),
)


@dataclass(frozen=True)
class Config:
    """The settings in force, parsed and checked."""

    host: str
    port: int
    data_dir: Path
    database_url: str
    database_pooler: bool
    redis_url: str
    secret_key: str
    base_url: str
    trusted_proxies: int
    metrics_token: str
    sms_backend: str
    sms_sign: str
    sms_templates: dict[str, str]
    sms_key_id: str
    sms_key_secret: str
    sms_app_id: str
    sms_endpoint: str
    mail_url: str
    remind_at: time | None
    qr_case: str
    server_threads: int
    server_workers: int
    worker_inside: bool
    log_level: str

    @property
    def is_sqlite(self) -> bool:
        """Whether the embedded database is used."""
        return self.database_url.startswith("sqlite")

    @property
    def is_https(self) -> bool:
        """Whether the public address is encrypted, so that cookies may be marked Secure."""
        return self.base_url.startswith("https://")

    @property
    def is_loopback(self) -> bool:
        """Whether the public address reaches this machine only."""
        return urlsplit(self.base_url).hostname in {"127.0.0.1", "localhost", "::1"}


def load(environ: Mapping[str, str] = os.environ) -> Config:
    """Read and check every setting; raises BadSetting with one line that says what to do."""
    raw = {s.name: (environ.get(s.name) or s.default).strip() for s in SETTINGS}
    data_dir = Path(raw["DATA_DIR"]).resolve()
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(f"DATA_DIR={data_dir} cannot be made ({error.strerror}): choose a folder you may write to.") from error
    host, port = raw["HOST"], _whole("PORT", raw["PORT"], 1, 65535)
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host
    database_url = raw["DATABASE_URL"] or f"sqlite:///{data_dir / 'eventsvc.sqlite3'}"
    if database_url.startswith(("postgres://", "postgresql://")):
        database_url = "postgresql+psycopg://" + database_url.split("://", 1)[1]
    if not database_url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise BadSetting("DATABASE_URL must start with sqlite:/// or postgresql+psycopg:// .")
    base_url = (raw["BASE_URL"] or f"http://{shown}:{port}").rstrip("/")
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise BadSetting("BASE_URL must look like https://example.org (scheme and host).")
    workers = _whole("SERVER_WORKERS", raw["SERVER_WORKERS"], 1, 64)
    if workers > 1 and database_url.startswith("sqlite"):
        raise BadSetting("SERVER_WORKERS above 1 needs PostgreSQL: set DATABASE_URL, or SERVER_WORKERS=1.")
    if raw["QR_CASE"] not in {"upper", "lower"}:
        raise BadSetting("QR_CASE must be upper or lower.")
    if raw["SMS_BACKEND"] not in {"none", "console", "aliyun", "tencent"}:
        raise BadSetting("SMS_BACKEND must be none, console, aliyun or tencent.")
    if raw["SMS_SIGN"] and not 2 <= len(raw["SMS_SIGN"]) <= 12:
        raise BadSetting("SMS_SIGN must have 2 to 12 characters, without 【】.")
    if raw["WORKER"] not in {"inside", "apart"}:
        raise BadSetting("WORKER must be inside or apart.")
    if raw["LOG_LEVEL"] not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise BadSetting("LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR.")
    if raw["SECRET_KEY"] and len(raw["SECRET_KEY"]) < 16:
        raise BadSetting("SECRET_KEY is too short: use at least 16 characters, or leave it empty to have one made.")
    return Config(
        host=host,
        port=port,
        data_dir=data_dir,
        database_url=database_url,
        database_pooler=_whole("DATABASE_POOLER", raw["DATABASE_POOLER"], 0, 1) == 1,
        redis_url=raw["REDIS_URL"],
        secret_key=raw["SECRET_KEY"] or _kept_key(data_dir),
        base_url=base_url,
        trusted_proxies=_whole("TRUSTED_PROXIES", raw["TRUSTED_PROXIES"], 0, 9),
        metrics_token=raw["METRICS_TOKEN"],
        sms_backend=raw["SMS_BACKEND"],
        sms_sign=raw["SMS_SIGN"],
        sms_templates=_pairs("SMS_TEMPLATES", raw["SMS_TEMPLATES"]),
        sms_key_id=raw["SMS_KEY_ID"],
        sms_key_secret=raw["SMS_KEY_SECRET"],
        sms_app_id=raw["SMS_APP_ID"],
        sms_endpoint=raw["SMS_ENDPOINT"],
        mail_url=raw["MAIL_URL"],
        remind_at=_hour("REMIND_AT", raw["REMIND_AT"]),
        qr_case=raw["QR_CASE"],
        server_threads=_whole("SERVER_THREADS", raw["SERVER_THREADS"], 4, 1024),
        server_workers=workers,
        worker_inside=raw["WORKER"] == "inside",
        log_level=raw["LOG_LEVEL"],
    )


def for_libraries(**variables: str) -> None:
    """Set what libraries, and processes that are started from now on, read from the environment; what is set there already stays."""
    for name, value in variables.items():
        os.environ.setdefault(name, value)


def _whole(name: str, text: str, least: int, most: int) -> int:
    if text.isascii() and text.isdigit() and least <= int(text) <= most:
        return int(text)
    raise BadSetting(f"{name}={text!r} must be a whole number from {least} to {most}.")


def _pairs(name: str, text: str) -> dict[str, str]:
    """``a=1,b=2`` as a dictionary."""
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    if any(not key.strip() or not value.strip() for key, _, value in pairs):
        raise BadSetting(f"{name} must look like confirmed=SMS_1,reminder=SMS_2 .")
    return {key.strip(): value.strip() for key, _, value in pairs}


def _hour(name: str, text: str) -> time | None:
    """A time of day as 18:00, or None for off."""
    if text == "off":
        return None
    try:
        return datetime.strptime(text, "%H:%M").time()
    except ValueError as error:
        raise BadSetting(f"{name}={text!r} must be an hour like 18:00, or off.") from error


def _kept_key(data_dir: Path) -> str:
    """The secret key kept in DATA_DIR, made on first use with mode 0600."""
    path = data_dir / "secret_key"
    try:
        if not path.exists():
            fresh = path.with_suffix(f".{os.getpid()}")
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(48), encoding="ascii")
            try:
                os.link(fresh, path)  # atomic, and never over a key that another process has just made
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise BadSetting(f"{path} cannot be read or made ({error.strerror}): set SECRET_KEY, or mend the folder.") from error
