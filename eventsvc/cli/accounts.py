"""`user add` and `token create`: who may come in; the secret stands alone on the last line, and is shown once."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from eventsvc.cli.stops import needs_tables, stops
from eventsvc.permissions import ROLES
from eventsvc.services import organizations

ROLE = click.option("--role", type=click.Choice(ROLES), default="owner", show_default=True, help="What they may do.")
ORGANIZATION = click.option("--org", "organization", required=True, metavar="KEY", help="The organization's key; made if it is missing.")


@click.group()
def user() -> None:
    """People of the organizer's side."""


@user.command("add")
@click.argument("email")
@ORGANIZATION
@ROLE
@click.option("--name", default="", help="What the journal calls them, as 文化站.")
@click.option("--org-name", default="", help="What the organization is called, as 某某街道办事处; kept where it has no name yet.")
@with_appcontext
@stops
@needs_tables
def add(email: str, organization: str, role: str, name: str, org_name: str) -> None:
    """Add EMAIL (or give a known one a new password); prints the one-time password, alone on the last line."""
    password = organizations.add_user(email, organization, role, name, org_name)
    click.echo(f"已添加 Added {email} ({organization}, {role})，一次性密码 one-time password:")
    click.echo(password)


@click.group()
def token() -> None:
    """Tokens of the JSON API."""


@token.command("create")
@ORGANIZATION
@ROLE
@click.option("--label", default="", help="What the token is for.")
@with_appcontext
@stops
@needs_tables
def create(organization: str, role: str, label: str) -> None:
    """Print a new organization token, alone; only its hash is kept."""
    click.echo(organizations.create_token(organization, role, label))
