"""Text messages by Alibaba Cloud or Tencent Cloud, through their official SDKs, which are installed only where they are wanted.

Neither text nor signature is ours to choose freely: both are registered with the provider, and a request names the template and
its values. The SDKs are imported with the first message; `missing` says beforehand whether they are there.
"""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from eventsvc.config import BadSetting, Config
from eventsvc.ports.carrier import Console, Down, Later, Never, Note, Sms

MODULES = {"aliyun": "alibabacloud_dysmsapi20170525", "tencent": "tencentcloud"}
SECONDS = 20  # to wait for an answer
A_MINUTE, AN_HOUR, A_DAY = 60.0, 3600.0, 86400.0

# What the providers answer, as far as it tells what to do next; anything else is tried again a few times and then given up.
NEVER = frozenset({
    "isv.MOBILE_NUMBER_ILLEGAL", "isv.MOBILE_COUNT_OVER_LIMIT", "isv.BLACK_KEY_CONTROL_LIMIT", "isv.TEMPLATE_PARAMS_ILLEGAL",
    "isv.TEMPLATE_MISSING_PARAMETERS", "isv.INVALID_PARAMETERS", "FailedOperation.PhoneNumberInBlacklist",
    "FailedOperation.ContainSensitiveWord", "InvalidParameterValue.IncorrectPhoneNumber", "InvalidParameterValue.TemplateParameterFormatError",
    "InvalidParameterValue.TemplateParameterLengthLimit", "InvalidParameterValue.ContentLengthLimit", "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
})  # fmt: skip
LATER = {
    "isv.BUSINESS_LIMIT_CONTROL": AN_HOUR, "isv.DAY_LIMIT_CONTROL": A_DAY, "isv.MONTH_LIMIT_CONTROL": A_DAY,
    "LimitExceeded.PhoneNumberThirtySecondLimit": A_MINUTE, "LimitExceeded.PhoneNumberSameContentDailyLimit": A_DAY,
    "LimitExceeded.PhoneNumberOneHourLimit": AN_HOUR, "LimitExceeded.PhoneNumberDailyLimit": A_DAY,
}  # fmt: skip
DOWN = (
    "isv.AMOUNT_NOT_ENOUGH", "isv.ACCOUNT_", "isv.OUT_OF_SERVICE", "isv.PRODUCT_UN_SUBSCRIPT", "isv.SMS_SIGNATURE_ILLEGAL", "isv.SMS_TEMPLATE_ILLEGAL",
    "InvalidAccessKeyId", "SignatureDoesNotMatch", "Forbidden", "AuthFailure", "UnauthorizedOperation", "FailedOperation.InsufficientBalance",
    "FailedOperation.SignatureIncorrectOrUnapproved", "FailedOperation.TemplateIncorrectOrUnapproved", "UnsupportedOperation", "Throttling", "RequestLimitExceeded",
)  # fmt: skip


def judge(code: str) -> Never | Later | Down:
    """What a provider's refusal means for the message: never, later (after its rule), or that the service itself is not usable."""
    if code in NEVER:
        return Never(code)
    if code in LATER:
        return Later(code, LATER[code])
    return Down(code) if code.startswith(DOWN) else Later(code)


def missing(backend: str) -> bool:
    """Whether the SDK of this backend is not installed."""
    return backend in MODULES and importlib.util.find_spec(MODULES[backend]) is None


@dataclass
class Aliyun:
    """Alibaba Cloud, SendSms of 2017-05-25: templates with named values."""

    key_id: str
    secret: str = field(repr=False)
    sign: str
    templates: dict[str, str]
    endpoint: str = "https://dysmsapi.aliyuncs.com"
    day_limit: int = 10  # of the carriers, for notices to one number
    _client: Any = field(default=None, repr=False)

    def send(self, note: Note) -> None:
        """Hand one text message over; raises Undelivered."""
        from alibabacloud_dysmsapi20170525.models import SendSmsRequest

        request = SendSmsRequest(
            phone_numbers=note.to.removeprefix("+86"), sign_name=self.sign, template_code=_template(self.templates, note),
            template_param=json.dumps(dict(note.values), ensure_ascii=False), out_id=note.message_id[:255],
        )  # fmt: skip
        try:
            body = self._connected().send_sms(request).body
        except Exception as error:  # noqa: BLE001  (the SDK passes on those of several HTTP libraries)
            raise _trouble(error) from None  # its text may hold the number
        if body.code != "OK":
            raise judge(str(body.code))

    def _connected(self) -> Any:
        if self._client is None:
            from alibabacloud_dysmsapi20170525.client import Client
            from alibabacloud_tea_openapi.utils_models import Config as Settings

            parts = urlsplit(self.endpoint)
            self._client = Client(Settings(
                access_key_id=self.key_id, access_key_secret=self.secret, endpoint=parts.netloc, protocol=parts.scheme,
                connect_timeout=SECONDS * 1000, read_timeout=SECONDS * 1000,
            ))  # fmt: skip
        return self._client


@dataclass
class Tencent:
    """Tencent Cloud, SendSms of 2021-01-11: templates with numbered values."""

    key_id: str
    secret: str = field(repr=False)
    sign: str
    templates: dict[str, str]
    app_id: str
    endpoint: str = "https://sms.tencentcloudapi.com"
    region: str = "ap-guangzhou"
    day_limit: int = 10
    _client: Any = field(default=None, repr=False)

    def send(self, note: Note) -> None:
        """Hand one text message over; raises Undelivered."""
        from tencentcloud.sms.v20210111.models import SendSmsRequest

        request = SendSmsRequest()
        request.PhoneNumberSet = [note.to]
        request.SmsSdkAppId = self.app_id
        request.SignName = self.sign
        request.TemplateId = _template(self.templates, note)
        request.TemplateParamSet = list(note.values.values())
        request.SessionContext = note.message_id[:255]
        try:
            status = self._connected().SendSms(request).SendStatusSet[0]
        except Exception as error:  # noqa: BLE001
            raise _trouble(error) from None
        if status.Code != "Ok":
            raise judge(str(status.Code))

    def _connected(self) -> Any:
        if self._client is None:
            from tencentcloud.common.credential import Credential
            from tencentcloud.common.profile.client_profile import ClientProfile
            from tencentcloud.common.profile.http_profile import HttpProfile
            from tencentcloud.sms.v20210111.sms_client import SmsClient

            parts = urlsplit(self.endpoint)
            profile = ClientProfile(httpProfile=HttpProfile(protocol=parts.scheme, endpoint=parts.netloc, reqTimeout=SECONDS))
            self._client = SmsClient(Credential(self.key_id, self.secret), self.region, profile)
        return self._client


def _template(templates: dict[str, str], note: Note) -> str:
    found = templates.get(note.template)
    if found is None:
        raise Never(f"no template for {note.template}")
    return found


def _trouble(error: Exception) -> Never | Later | Down:
    """What an SDK raised: the provider's own code where it has one, else that it is out of reach."""
    code = getattr(error, "code", None)
    if isinstance(code, str) and code not in {"ClientNetworkError", "ClientError.NetworkError", "InternalError"} and not code.isdigit():
        return judge(code)
    return Down(f"sms {type(error).__name__}")


def from_settings(config: Config) -> Sms | None:
    """The service of SMS_BACKEND, or None. Raises BadSetting where something that it needs is not set."""
    if config.sms_backend == "none":
        return None
    if config.sms_backend == "console":
        return Console()
    needed = {"SMS_SIGN": config.sms_sign, "SMS_KEY_ID": config.sms_key_id, "SMS_KEY_SECRET": config.sms_key_secret, "SMS_TEMPLATES": config.sms_templates}
    if config.sms_backend == "tencent":
        needed["SMS_APP_ID"] = config.sms_app_id
    unset = [name for name, value in needed.items() if not value]
    if unset:
        raise BadSetting(f"SMS_BACKEND={config.sms_backend} needs {', '.join(unset)} as well (docs/messages.md).")
    if missing(config.sms_backend):
        raise BadSetting(f"SMS_BACKEND={config.sms_backend} needs its SDK: .venv/bin/pip install -r requirements-sms.txt .")
    endpoint = {"endpoint": config.sms_endpoint} if config.sms_endpoint else {}
    if config.sms_backend == "aliyun":
        return Aliyun(config.sms_key_id, config.sms_key_secret, config.sms_sign, config.sms_templates, **endpoint)
    return Tencent(config.sms_key_id, config.sms_key_secret, config.sms_sign, config.sms_templates, config.sms_app_id, **endpoint)
