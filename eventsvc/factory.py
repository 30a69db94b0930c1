"""The application factory: the only place that knows every room."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

from eventsvc import ROOT, api, cli, web
from eventsvc import config as settings
from eventsvc import logs
from eventsvc.api.lane import Lane
from eventsvc.bodies import WholeBodies
from eventsvc.db import configure_engine, db, from_json, to_json
from eventsvc.ports import carriers, clock, limits, shared
from eventsvc.services import actors, links, messages
from eventsvc.web import headers, meters


def create_app(config: settings.Config | None = None, clock_port: clock.Clock | None = None) -> Flask:
    """Build the application from its settings (read from the environment unless given). Raises config.BadSetting."""
    config = config or settings.load()
    app = Flask("eventsvc", root_path=str(ROOT), static_folder=str(ROOT / "static"), template_folder=str(ROOT / "templates"))
    engine_options: dict[str, object] = {"pool_size": 20, "max_overflow": 20, "pool_timeout": 10, "pool_use_lifo": True}  # the one used last: what it read is still in its memory
    engine_options |= {"json_serializer": to_json, "json_deserializer": from_json}
    if config.database_pooler:
        engine_options["connect_args"] = {"prepare_threshold": None}  # the next transaction may be on another connection
    app.config.update(
        SECRET_KEY=config.secret_key,
        EVENTSVC=config,
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options,
        MAX_CONTENT_LENGTH=1024 * 1024,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.is_https,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
    )
    clock.use(clock_port or clock.SystemClock())
    limits.use(config.redis_url, config.secret_key)
    shared.use(config.redis_url)
    actors.use_key(config.secret_key)
    links.use(config.base_url, config.qr_case)
    messages.use(carriers.mail(config), carriers.sms(config), config.remind_at)
    db.init_app(app)
    Migrate(app, db, directory=str(ROOT / "migrations"), render_as_batch=False)
    with app.app_context():
        configure_engine(db.engine, config.database_pooler)
    app.wsgi_app = Lane(app, headers.of_api(config.is_https), meters.count)  # type: ignore[method-assign]
    app.wsgi_app = WholeBodies(app.wsgi_app, app.config["MAX_CONTENT_LENGTH"])  # type: ignore[method-assign]
    logs.init_app(app, config.log_level)
    if config.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.trusted_proxies, x_proto=config.trusted_proxies, x_host=0)  # type: ignore[method-assign]
    api.init_app(app)
    web.init_app(app)
    cli.init_app(app)
    return app
