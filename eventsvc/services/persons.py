"""Names and telephone numbers of people: cleaned, masked and made findable; nothing here touches the database."""

from __future__ import annotations

import itertools
import re
import unicodedata

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from eventsvc.errors import Fault
from eventsvc.services import pinyin

REGION = "CN"
NAME_LENGTH = 50
# pypinyin reads these as common words; as surnames they are read so (通用规范汉字 surname readings). Both are indexed.
SURNAMES = {
    "单": "shan", "曾": "zeng", "仇": "qiu", "解": "xie", "区": "ou", "查": "zha", "朴": "piao", "盖": "ge", "任": "ren", "华": "hua",
    "尹": "yin", "翟": "zhai", "宓": "mi", "缪": "miao", "冼": "xian", "乐": "yue", "员": "yun", "繁": "po", "种": "chong", "秘": "bi",
    "折": "she", "召": "shao", "重": "chong", "逄": "pang", "尉": "wei", "万": "wan", "覃": "qin", "晁": "chao", "贲": "ben", "郗": "xi",
}  # fmt: skip
_SLIP = re.compile(r"凭条[0-9]{3,6}")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


def clean_text(text: str) -> str:
    """Trimmed, composed (NFC), inner runs of white space folded to one blank."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def unprintable(text: str) -> bool:
    """Whether a text holds NUL, controls, lone surrogates or direction marks, which no name or note has."""
    return _CONTROL.search(text) is not None


def read_name(text: str | None, field: str = "name") -> tuple[str, Fault | None]:
    """A person's name of 1 to 50 characters, and what is wrong with it if anything."""
    if text is None or not text.strip():
        return "", Fault(field, "required", "请填写姓名")
    if unprintable(text):
        return "", Fault(field, "characters", "姓名里有无法显示的字符，请重新输入")
    name = clean_text(text)
    if len(name) > NAME_LENGTH:
        return name, Fault(field, "too_long", "姓名最多{most}个字，现在有{length}个", {"most": NAME_LENGTH, "length": len(name)})
    return name, None


def read_phone(text: str | None, field: str = "phone") -> tuple[str | None, Fault | None]:
    """A mobile or landline number as E.164, and what is wrong with it if anything; full-width digits are fine."""
    if text is None or not text.strip():
        return None, Fault(field, "required", "请填写手机号或座机号")
    flat = unicodedata.normalize("NFKC", text).strip()
    if _MOBILE.fullmatch(flat):
        return f"+86{flat}", None  # what nearly everybody types, without asking the library
    digits = re.sub(r"\D", "", flat)
    wrong = Fault(field, "phone", "电话号码不对，请核对；座机请带区号，如0371-12345678")
    if len(flat) > 40 or unprintable(flat):
        return None, wrong
    if re.fullmatch(r"1\d*", digits) and not flat.startswith("+") and len(digits) != 11 and len(digits) >= 7:
        return None, Fault(field, "phone_length", "手机号应为11位数字，现在是{length}位", {"length": len(digits)})
    try:
        number = phonenumbers.parse(flat, REGION)
    except phonenumbers.NumberParseException:
        return None, wrong
    if not phonenumbers.is_valid_number(number) and not _plausible(number):
        return None, wrong
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), None


def _plausible(number: phonenumbers.PhoneNumber) -> bool:
    """New Chinese mobile ranges open before the library's next release: 11 digits from 13 to 19 are taken."""
    return number.country_code == 86 and re.fullmatch(r"1[3-9]\d{9}", str(number.national_number)) is not None


def is_mobile(phone: str | None) -> bool:
    """Whether a stored number is a Chinese mobile one, which text messages reach."""
    return phone is not None and re.fullmatch(r"\+861[3-9]\d{9}", phone) is not None


def read_email(text: str | None, field: str = "email") -> tuple[str | None, Fault | None]:
    """An e-mail address as it is written to (RFC 5321, international ones too), and what is wrong with it; None where there is none."""
    if text is None or not text.strip():
        return None, None
    try:
        return validate_email(unicodedata.normalize("NFKC", text).strip(), check_deliverability=False).normalized, None
    except EmailNotValidError:
        return None, Fault(field, "email", "邮箱地址不对，请核对，例如 name@example.com")


def show_phone(phone: str | None) -> str:
    """A stored number as people write it: 138 0000 1234, 0371-1234 5678."""
    if not phone:
        return ""
    number = phonenumbers.parse(phone, REGION)
    style = phonenumbers.PhoneNumberFormat.NATIONAL if number.country_code == 86 else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def mask_phone(phone: str | None) -> str:
    """First three and last four digits of the national number: 138****1234."""
    if not phone:
        return ""
    national = phone.removeprefix("+86")
    return f"{national[:3]}****{national[-4:]}" if len(national) >= 8 else "****"


def phone_tail(phone: str | None) -> str | None:
    """The last four digits, by which a volunteer finds a person."""
    return phone[-4:] if phone else None


def slip_name(number: int) -> str:
    """What stands in the place of a name on a printed slip: 凭条007, as it is printed on it. Nobody's name, so it is never masked."""
    return f"凭条{number:03d}"


def is_slip(name: str | None) -> bool:
    """Whether that is a slip that has not been given a person's name."""
    return name is not None and name.startswith("凭条") and _SLIP.fullmatch(name) is not None


def mask_name(name: str | None) -> str:
    """For volunteers: two characters 张*, three or more 张*丰 (first, stars, last)."""
    if not name:
        return ""
    length = len(name)
    if length < 3:
        return name if length == 1 else f"{name[0]}*"
    if length > 4 and is_slip(name):
        return name
    return f"{name[0]}{'****'[: length - 2]}{name[-1]}"


def mask_name_in_public(name: str | None) -> str:
    """For strangers: the first character only, 张**."""
    return str(name) if is_slip(name) else f"{name[0]}**" if name else ""


def _ways(name: str) -> list[list[str]]:
    """How each character of a name may be read: a list of spellings a character; Latin letters as they are, other signs left out."""
    ways: list[list[str]] = []
    for position, character in enumerate(name.lower()):
        if character.isascii():
            if character.isalnum():
                ways.append([character])
            continue
        found = set(pinyin.readings(character))
        if position == 0 and character in SURNAMES:
            found.add(SURNAMES[character])
        if found:
            ways.append(sorted(found))
    return ways


def _indexed(ways: list[list[str]], most: int, longest: int) -> str:
    """Every way to write them, each between blanks, as far as there is room; empty where there is none."""
    written = sorted({"".join(way) for way in itertools.islice(itertools.product(*ways), most)}) if ways else []
    return _within(f" {' '.join(written)} ", longest) if written else ""


def _within(text: str, longest: int) -> str:
    """The text, or as many whole ways as fit; of a single one that does not, its beginning."""
    if len(text) <= longest:
        return text
    whole = text[: text.rfind(" ", 1, longest) + 1]
    return whole if len(whole) > 1 else text[:longest]


def initials(name: str) -> str:
    """Pinyin initials of every reading of a name, each between blanks: 单小雨 gives " dxy sxy "; Latin letters as they are."""
    return _indexed([sorted({reading[0] for reading in way}) for way in _ways(name)], 16, 120)


def spelt(name: str) -> str:
    """The whole pinyin of every reading, then the initials, each between blanks: 单小雨 gives " danxiaoyu shanxiaoyu … dxy sxy ".

    The usual way comes first, since lists are sorted by it; ü is found as v and, as in a passport, as yu.
    """
    ways = _ways(name)
    both = [sorted({*way, *(reading.replace("v", "yu") for reading in way)}) for way in ways]
    if ways and (surname := SURNAMES.get(name[:1])):
        both[0] = [surname, *(reading for reading in both[0] if reading != surname)]
    elif ways and name and not name[0].isascii():
        both[0] = sorted(both[0], key=lambda reading: (reading != pinyin.readings(name[0])[0] if pinyin.readings(name[0]) else True, reading))
    written = ["".join(way) for way in itertools.islice(itertools.product(*both), 16)]
    every = dict.fromkeys([*written, *initials(name).split()])
    return _within(f" {' '.join(every)} ", 400) if every else ""
