"""Organizations, users, tokens, devices: joining, locking, revoking."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from eventsvc.db import db, in_transaction
from eventsvc.errors import Conflict, Invalid, Missing, TooMany, Unauthorized
from eventsvc.models import AccessToken, Device, Invitation, User
from eventsvc.ports.clock import FakeClock
from eventsvc.services import devices, organizations
from eventsvc.services.actors import authenticate, device_token, member
from tests.services.world import World

pytestmark = pytest.mark.usefixtures("app_context")


def test_one_time_password_and_change() -> None:
    password = organizations.add_user("Clerk@Demo.Example", "demo")
    user = organizations.sign_in("clerk@demo.example ", password)
    actor = member(user.id, user.stamp)
    assert user.must_change and actor is not None and actor.organizations[0][1] == "owner"
    for new in ("short1", "allletters", "12345678", password):
        with pytest.raises(Invalid):
            organizations.change_password(user.id, password, new)
    old_stamp = user.stamp
    changed = organizations.change_password(user.id, password, "new-pass-2026")
    assert not changed.must_change
    assert member(user.id, old_stamp) is None and member(user.id, changed.stamp) is not None
    assert organizations.sign_in("clerk@demo.example", "new-pass-2026").id == user.id
    assert db.session.get_one(User, user.id).password_hash.startswith("$argon2id$")


@pytest.mark.parametrize("typed", ["{signs}", "{upper}", " {once} ", "{spaced}", "{wide}"])
def test_a_one_time_password_is_taken_however_its_signs_are_typed(typed: str) -> None:
    once = organizations.add_user("clerk@demo.example", "demo")
    signs = once.replace("-", "")
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in once)
    said = typed.format(signs=signs, upper=once.upper(), once=once, spaced=once.replace("-", " "), wide=wide)
    assert organizations.sign_in("clerk@demo.example", said).must_change
    for wrong in (signs[:-1], signs + "a", ("a" if signs[0] != "a" else "b") + signs[1:]):
        with pytest.raises(Invalid):
            organizations.sign_in("clerk@demo.example", wrong)


def test_a_password_of_ones_own_is_taken_as_it_is_alone() -> None:
    once = organizations.add_user("clerk@demo.example", "demo")
    user = organizations.sign_in("clerk@demo.example", once)
    organizations.change_password(user.id, None, "abcd2345efgh")
    assert organizations.sign_in("clerk@demo.example", "abcd2345efgh")
    for other in ("abcd-2345-efgh", "ABCD2345EFGH"):
        with pytest.raises(Invalid):
            organizations.sign_in("clerk@demo.example", other)


def test_the_old_password_is_asked_for_unless_it_is_a_one_time_one() -> None:
    once = organizations.add_user("clerk@demo.example", "demo")
    user = organizations.sign_in("clerk@demo.example", once)
    for same in (once, once.replace("-", "").upper()):
        with pytest.raises(Invalid) as raised:
            organizations.change_password(user.id, None, same)
        assert [fault.code for fault in raised.value.faults] == ["same"]
    organizations.change_password(user.id, None, "new-pass-2026")
    with pytest.raises(Invalid):
        organizations.change_password(user.id, None, "newer-pass-2026")
    assert organizations.sign_in("clerk@demo.example", "new-pass-2026")


@pytest.mark.parametrize(
    ("new", "lacks"),
    [("abc12", ["现在5位"]), ("longenough", ["数字或符号"]), ("1234567890", ["字母"]), ("123", ["现在3位", "字母"]), ("", ["现在0位", "字母", "数字"])],
)
def test_a_weak_password_is_told_exactly_what_it_lacks(new: str, lacks: list[str]) -> None:
    user = organizations.sign_in("clerk@demo.example", organizations.add_user("clerk@demo.example", "demo"))
    with pytest.raises(Invalid) as raised:
        organizations.change_password(user.id, None, new)
    said = [fault.sentence() for fault in raised.value.faults]
    assert len(said) == len(lacks) and all(lack in sentence for lack, sentence in zip(lacks, said, strict=True))


def test_five_failures_lock_for_a_quarter_of_an_hour(clock: FakeClock) -> None:
    password = organizations.add_user("clerk@demo.example", "demo")
    said = set()
    for email in ("clerk@demo.example", "nobody@demo.example"):
        with pytest.raises(Invalid) as raised:
            organizations.sign_in(email, "wrong")
        said.add(raised.value.faults[0].sentence())
    assert len(said) == 1
    for _ in range(4):
        with pytest.raises(Invalid):
            organizations.sign_in("clerk@demo.example", "wrong")
    with pytest.raises(TooMany):
        organizations.sign_in("clerk@demo.example", password)
    clock.advance(minutes=15, seconds=1)
    assert organizations.sign_in("clerk@demo.example", password)


def test_no_password_is_checked_while_the_door_waits_for_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checking takes tens of milliseconds: twelve strangers at once made each check-in wait three seconds on SQLite."""
    password = organizations.add_user("clerk@demo.example", "demo")
    held = []
    check = organizations._hasher.verify
    monkeypatch.setattr(organizations, "_hasher", SimpleNamespace(verify=lambda *pair: held.append(in_transaction()) or check(*pair)))
    assert organizations.sign_in("clerk@demo.example", password).email == "clerk@demo.example"
    for email in ("clerk@demo.example", "nobody@demo.example", "nul\x00@demo.example"):
        with pytest.raises(Invalid):
            organizations.sign_in(email, "wrong")
    assert held == [False] * 4


def test_tokens_are_kept_as_hashes_and_can_be_revoked(clock: FakeClock) -> None:
    token = organizations.create_token("demo", "viewer")
    row = db.session.scalars(db.select(AccessToken)).one()
    assert token not in row.hash and authenticate(token).organizations == ((row.organization_id, "viewer"),)
    row.revoked_at = clock.now()
    db.session.commit()
    for wrong in (token, "", "eo_x", "ed_x", "ed__", "ed_a_b", "x" * 5000, "ed_é_ü"):
        with pytest.raises(Unauthorized):
            authenticate(wrong)
    with pytest.raises(Invalid):
        organizations.create_token("demo", "king")
    with pytest.raises(Invalid):
        organizations.ensure("No Key")


def test_a_single_invitation_serves_one_phone_and_a_lost_answer_locks_nobody_out(clock: FakeClock) -> None:
    world = World()
    invited = devices.invite(world.owner, world.slug, {"name": "东门"})
    devices.look_at(invited.join_code)  # looking changes nothing
    first = devices.join(invited.join_code.lower(), "志愿者甲", "nonce-0001")
    assert devices.join(f" {invited.join_code[:10]}-{invited.join_code[10:]}", "志愿者甲", "nonce-0001").token == first.token
    for nonce, minutes in (("nonce-0002", 0), ("nonce-0001", 11)):
        clock.advance(minutes=minutes)
        with pytest.raises(Conflict) as raised:
            devices.join(invited.join_code, "志愿者乙", nonce)
        assert raised.value.code == "join_used"
    with pytest.raises(Missing):
        devices.join("A" * 20, "志愿者甲", "nonce-0003")
    with pytest.raises(Invalid) as faulty:
        devices.join(invited.join_code, " ", "x")
    assert {fault.field for fault in faulty.value.faults} == {"operator", "nonce"}
    stored = db.session.execute(db.text("SELECT * FROM invitations")).mappings().one()
    assert invited.join_code not in repr(dict(stored))


def test_a_group_link_makes_each_phone_a_device_of_its_own() -> None:
    world = World()
    invited = devices.invite(world.owner, world.slug, {"name": "群", "max_uses": 3, "scopes": ["tally"]})
    joined = [devices.join(invited.join_code, f"志愿者{n}", f"nonce-000{n}") for n in range(3)]
    assert len({one.token for one in joined}) == 3 and {one.device.name for one in joined} == {"群 1", "群 2", "群 3"}
    assert authenticate(joined[0].token).scopes == frozenset({"tally"})


def test_expiry_and_revocation(clock: FakeClock) -> None:
    world = World()
    expiring = devices.invite(world.owner, world.slug, {"expires_at": "2026-08-14T19:00:00+08:00"})
    clock.advance(hours=1)
    with pytest.raises(Conflict):
        devices.look_at(expiring.join_code)
    group = devices.invite(world.owner, world.slug, {"max_uses": 5})
    a, b = (devices.join(group.join_code, "甲", f"nonce-{n}000") for n in range(2))
    other = devices.hand_over(authenticate(a.token))
    second = devices.join(other.join_code, "甲", "nonce-9000")
    devices.revoke(world.owner, world.slug, b.device.id)
    authenticate(a.token)
    devices.revoke(world.owner, world.slug, group.id)
    devices.revoke(world.owner, world.slug, group.id)
    for token in (a.token, b.token, second.token):  # the other browser of a phone goes with it
        with pytest.raises(Unauthorized) as raised:
            authenticate(token)
        assert raised.value.code == "device_revoked"
    with pytest.raises(Conflict):
        devices.join(group.join_code, "乙", "nonce-5000")
    with pytest.raises(Missing):
        devices.revoke(world.owner, world.slug, "nothing")


def test_bad_invitations_are_told_all_at_once() -> None:
    world = World()
    with pytest.raises(Invalid) as raised:
        bad = {"name": "x" * 81, "scopes": ["fly"], "checkpoints": ["no"], "max_uses": 0, "expires_at": "soon"}
        devices.invite(world.owner, world.slug, bad)
    assert {fault.field for fault in raised.value.faults} == {"name", "scopes", "checkpoints", "max_uses", "expires_at"}


def test_a_device_token_is_never_stored() -> None:
    world = World()
    phone = world.phone()
    token = device_token(phone.id)
    for model in (Device, Invitation):
        for row in db.session.execute(db.select(model.__table__)).mappings():
            assert token.split("_")[2] not in repr(dict(row))


def test_stopping_an_invitation_stops_whoever_was_handed_over_to_however_far_down() -> None:
    world = World()
    invited = devices.invite(world.owner, world.slug, {"name": "东" * 80, "scopes": ["scan"], "max_uses": 30})
    first = devices.join(invited.join_code, "志愿者甲", "nonce-of-the-first")
    assert len(first.device.name) == 80
    second = devices.join(devices.hand_over(authenticate(first.token)).join_code, "志愿者甲", "nonce-of-the-second")
    third = devices.join(devices.hand_over(authenticate(second.token)).join_code, "志愿者甲", "nonce-of-the-third")
    open_link = devices.hand_over(authenticate(third.token))
    devices.revoke(world.owner, world.slug, invited.id)
    for joined in (first, second, third):
        with pytest.raises(Unauthorized):
            authenticate(joined.token)
    with pytest.raises(Conflict):
        devices.look_at(open_link.join_code)


def test_a_phone_that_is_stopped_takes_its_other_browsers_and_links_along() -> None:
    world = World()
    phone = world.phone()
    used, unused = devices.hand_over(phone), devices.hand_over(phone)
    other = devices.join(used.join_code, "甲", "nonce-1000")
    third = devices.join(devices.hand_over(authenticate(other.token)).join_code, "甲", "nonce-2000")
    devices.revoke(world.owner, world.slug, phone.id)
    for token in (other.token, third.token):
        with pytest.raises(Unauthorized):
            authenticate(token)
    with pytest.raises(Conflict):
        devices.join(unused.join_code, "甲", "nonce-3000")
