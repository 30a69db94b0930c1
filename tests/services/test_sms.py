"""Text messages through the official SDKs against a local server that recomputes each provider's signature; what refusals mean."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from eventsvc import config as settings
from eventsvc.config import BadSetting
from eventsvc.ports import sms
from eventsvc.ports.carrier import Console, Down, Later, Never, Note
from eventsvc.services.messages import texts
from tests.postgres import free_port

TEMPLATES = {"confirmed": "SMS_1001", "reminder": "SMS_1002"}
NOTE = Note("+8613800001234", "confirmed", {"short": "观夜戏品非遗", "when": "8月15日18:00", "code": "123456", "tel": "037166666666"}, "…", "<1.a@b>")
SECRET = "not-a-real-secret"


class Provider(BaseHTTPRequestHandler):
    """Keeps the last request and answers what it is told to."""

    last: ClassVar[dict[str, Any]] = {}
    answer: ClassVar[dict[str, Any]] = {}
    status: ClassVar[int] = 200

    def do_POST(self) -> None:
        """Any call."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        Provider.last = {"headers": dict(self.headers.items()), "path": self.path, "body": body}
        sent = json.dumps(Provider.answer).encode()
        self.send_response(Provider.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a local stand-in for a provider."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Provider.status = 200
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def aliyun(endpoint: str) -> sms.Aliyun:
    """The adapter on the stand-in."""
    return sms.Aliyun("key-id", SECRET, "管城政务", TEMPLATES, endpoint)


def tencent(endpoint: str) -> sms.Tencent:
    """The adapter on the stand-in."""
    return sms.Tencent("key-id", SECRET, "管城政务", TEMPLATES, "1400006666", endpoint)


def header(name: str) -> str:
    """A header of the last request, whatever its case."""
    return {key.lower(): value for key, value in Provider.last["headers"].items()}[name]


def sha(text: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(text).hexdigest()


def mac(key: bytes, text: str) -> bytes:
    """HMAC-SHA256."""
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def test_aliyun_is_signed_and_names_template_and_values(provider: str) -> None:
    Provider.answer = {"Code": "OK", "Message": "OK", "BizId": "1", "RequestId": "r"}
    aliyun(provider).send(NOTE)
    parts = urlsplit(Provider.last["path"])
    query = dict(parse_qsl(parts.query))
    assert (query["PhoneNumbers"], query["SignName"], query["TemplateCode"], query["OutId"]) == ("13800001234", "管城政务", "SMS_1001", "<1.a@b>")
    assert json.loads(query["TemplateParam"]) == dict(NOTE.values) and header("x-acs-action") == "SendSms"
    found = re.fullmatch(r"ACS3-HMAC-SHA256 Credential=key-id,SignedHeaders=([\w;-]+),Signature=([0-9a-f]{64})", header("authorization"))
    assert found, header("authorization")
    signed = "".join(f"{name}:{header(name).strip()}\n" for name in found[1].split(";"))
    canonical = "&".join(f"{quote(key, safe='~')}={quote(value, safe='~')}" for key, value in sorted(query.items()))
    request = f"POST\n{parts.path}\n{canonical}\n{signed}\n{found[1]}\n{sha(Provider.last['body'])}"
    assert mac(SECRET.encode(), f"ACS3-HMAC-SHA256\n{sha(request.encode())}").hex() == found[2]


def test_tencent_is_signed_and_numbers_its_values(provider: str) -> None:
    Provider.answer = {"Response": {"SendStatusSet": [{"Code": "Ok", "PhoneNumber": "+8613800001234"}], "RequestId": "r"}}
    tencent(provider).send(NOTE)
    body = json.loads(Provider.last["body"])
    assert body == {
        "PhoneNumberSet": ["+8613800001234"], "SmsSdkAppId": "1400006666", "SignName": "管城政务", "TemplateId": "SMS_1001",
        "TemplateParamSet": ["观夜戏品非遗", "8月15日18:00", "123456", "037166666666"], "SessionContext": "<1.a@b>",
    }  # fmt: skip
    found = re.fullmatch(r"TC3-HMAC-SHA256 Credential=key-id/(\S+)/sms/tc3_request, SignedHeaders=([\w;-]+), Signature=([0-9a-f]{64})", header("authorization"))
    assert found, header("authorization")
    stamp = header("x-tc-timestamp")
    assert found[1] == datetime.fromtimestamp(int(stamp), UTC).strftime("%Y-%m-%d")
    signed = "".join(f"{name}:{header(name).lower()}\n" for name in found[2].split(";"))
    request = f"POST\n/\n\n{signed}\n{found[2]}\n{sha(Provider.last['body'])}"
    key = mac(mac(mac(f"TC3{SECRET}".encode(), found[1]), "sms"), "tc3_request")
    assert mac(key, f"TC3-HMAC-SHA256\n{stamp}\n{found[1]}/sms/tc3_request\n{sha(request.encode())}").hex() == found[3]


@pytest.mark.parametrize(
    ("code", "kind"),
    [("isv.BUSINESS_LIMIT_CONTROL", Later), ("isv.MOBILE_NUMBER_ILLEGAL", Never), ("isv.AMOUNT_NOT_ENOUGH", Down), ("isv.SOMETHING_NEW", Later)],
)
def test_what_aliyun_refuses(provider: str, code: str, kind: type[Exception]) -> None:
    Provider.answer = {"Code": code, "Message": "13800001234 …", "RequestId": "r"}
    with pytest.raises(kind) as refused:
        aliyun(provider).send(NOTE)
    assert str(refused.value) == code


@pytest.mark.parametrize(
    ("code", "kind", "seconds"),
    [("LimitExceeded.PhoneNumberDailyLimit", Later, 86400), ("LimitExceeded.PhoneNumberThirtySecondLimit", Later, 60), ("FailedOperation.PhoneNumberInBlacklist", Never, None)],
)
def test_what_tencent_refuses(provider: str, code: str, kind: type[Exception], seconds: float | None) -> None:
    Provider.answer = {"Response": {"SendStatusSet": [{"Code": code, "Message": "+8613800001234 …"}], "RequestId": "r"}}
    with pytest.raises(kind) as refused:
        tencent(provider).send(NOTE)
    assert str(refused.value) == code and getattr(refused.value, "seconds", None) == seconds


def test_a_bad_key_is_the_services_trouble_and_its_text_is_not_kept(provider: str) -> None:
    Provider.answer = {"Response": {"Error": {"Code": "AuthFailure.SignatureFailure", "Message": "+8613800001234"}, "RequestId": "r"}}
    with pytest.raises(Down, match=r"^AuthFailure\.SignatureFailure$"):
        tencent(provider).send(NOTE)
    Provider.answer, Provider.status = {"Code": "InvalidAccessKeyId.NotFound", "Message": "13800001234", "RequestId": "r"}, 404
    with pytest.raises(Down, match=r"^InvalidAccessKeyId\.NotFound$"):
        aliyun(provider).send(NOTE)


@pytest.mark.parametrize("make", [aliyun, tencent])
def test_nobody_there(make: Any) -> None:
    with pytest.raises(Down) as down:
        make(f"http://127.0.0.1:{free_port()}").send(NOTE)
    assert "1380000" not in str(down.value)


def test_a_template_that_was_not_approved_is_not_sent(provider: str) -> None:
    with pytest.raises(Never, match="no template for moved"):
        aliyun(provider).send(Note("+8613800001234", "moved", {}, "", "<1>"))


def load(tmp_path: Path, **more: str) -> settings.Config:
    """Settings with these set."""
    return settings.load({"DATA_DIR": str(tmp_path), **more})


def test_settings(tmp_path: Path) -> None:
    all_set = {"SMS_SIGN": "管城政务", "SMS_KEY_ID": "a", "SMS_KEY_SECRET": "b", "SMS_TEMPLATES": "confirmed=SMS_1, reminder=SMS_2", "SMS_APP_ID": "14"}
    assert sms.from_settings(load(tmp_path)) is None
    assert isinstance(sms.from_settings(load(tmp_path, SMS_BACKEND="console")), Console)
    made = sms.from_settings(load(tmp_path, SMS_BACKEND="aliyun", **all_set))
    assert isinstance(made, sms.Aliyun) and made.templates == {"confirmed": "SMS_1", "reminder": "SMS_2"} and "b" not in repr(made).split("'")
    assert isinstance(sms.from_settings(load(tmp_path, SMS_BACKEND="tencent", **all_set)), sms.Tencent)
    with pytest.raises(BadSetting, match="SMS_SIGN, SMS_KEY_ID, SMS_KEY_SECRET, SMS_TEMPLATES, SMS_APP_ID"):
        sms.from_settings(load(tmp_path, SMS_BACKEND="tencent"))
    for wrong in ({"SMS_BACKEND": "carrier-pigeon"}, {"SMS_SIGN": "x"}, {"SMS_TEMPLATES": "confirmed"}):
        with pytest.raises(BadSetting, match=next(iter(wrong))):
            load(tmp_path, **wrong)


def test_a_missing_sdk_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sms.MODULES, "aliyun", "not_installed_at_all")
    with pytest.raises(BadSetting, match=r"pip install -r requirements-sms\.txt"):
        sms.from_settings(load(tmp_path, SMS_BACKEND="aliyun", SMS_SIGN="管城政务", SMS_KEY_ID="a", SMS_KEY_SECRET="b", SMS_TEMPLATES="confirmed=1"))


def test_the_handbook_holds_every_template() -> None:
    told = (Path(__file__).parents[2] / "docs" / "messages.md").read_text(encoding="utf-8")
    for name, template in texts.TEMPLATES.items():
        assert f"| `{name}` |" in told and re.sub(r"\{(\w+)\}", r"${\1}", template.sms) in told
