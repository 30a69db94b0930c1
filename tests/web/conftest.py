"""The world of the web tests: one published fair, and visitors without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from eventsvc.services import devices
from tests.services.world import World
from tests.web.visitor import Visitor, form_with

NewWorld = Callable[..., World]
NewVisitor = Callable[[], Visitor]


@pytest.fixture
def new_world(app: Flask) -> NewWorld:
    """A function that makes a published event: ``new_world(registration={"capacity": 5})``; its verbs need an app context."""

    def make(**changes: Any) -> World:
        with app.app_context():
            return World({"contact_phone": "0371-12345678", **changes})

    return make


@pytest.fixture
def new_visitor(app: Flask) -> NewVisitor:
    """A function that opens one more browser."""
    return lambda: Visitor(app)


@pytest.fixture
def visitor(new_visitor: NewVisitor) -> Visitor:
    """One browser."""
    return new_visitor()


@pytest.fixture
def join_code(app: Flask) -> Callable[..., str]:
    """A function that makes a join link's code: ``join_code(world, scopes=["scan"])``."""

    def make(world: World, **data: Any) -> str:
        with app.app_context():
            return devices.invite(world.owner, world.slug, {"name": "东门手机", **data}).join_code

    return make


@pytest.fixture
def new_volunteer(new_visitor: NewVisitor, join_code: Callable[..., str]) -> Callable[..., Visitor]:
    """A function that opens one more browser and joins it: ``new_volunteer(world, scopes=["tally"])``."""

    def make(world: World, **data: Any) -> Visitor:
        browser = new_visitor()
        page = browser.get(f"/join/{join_code(world, **data)}")
        assert browser.send(page, form_with(page, "operator"), operator="志愿者甲").status_code == 303
        return browser

    return make
