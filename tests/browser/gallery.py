"""The component page on a small server of its own: every macro with fixed examples, under the house's own security headers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace

from flask import Blueprint, Flask, Response, render_template, request
from flask_babel import Babel
from flask_wtf import CSRFProtect, FlaskForm
from werkzeug.serving import make_server
from wtforms import BooleanField, IntegerField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired

from eventsvc import ROOT
from eventsvc.web import filters, headers

PHONE = "0371-0000 0000"
EVENT = SimpleNamespace(
    slug="demo", title="“观夜戏·品非遗 欢乐社区行”非遗主题系列文化活动", short_title=None, kind="fair", status="published",
    host="管城区委宣传部", undertaker=None, co_host=None, venue="南关街街道新天地社区", contact_phone=PHONE, zone="Asia/Shanghai",
    starts_at=datetime(2026, 8, 14, 8, tzinfo=UTC), ends_at=datetime(2026, 8, 14, 13, tzinfo=UTC), date_text=None, demo=True,
    year_inferred=False, registration_state="open", places_left=37,
)


class Examples(FlaskForm):
    """One field of each sort."""

    text = StringField("姓名", [InputRequired()])
    bad = StringField("电话号码", [InputRequired()])
    pick = SelectField("区域", choices=[("a", "动态区"), ("b", "静态区")])
    area = TextAreaField("补充说明")
    radio = RadioField("给谁报名", [InputRequired()], choices=[("web", "给自己"), ("proxy", "代报名")], default="web")
    few = IntegerField("参加人数", default=2)
    lots = IntegerField("领取册数", default=10)
    many = SelectMultipleField("预约场次", choices=[("a", "剪纸体验课"), ("b", "茶艺体验"), ("c", "面塑体验")], default=["a"])
    agree = BooleanField("我已阅读并同意")
    disagree = BooleanField("我已阅读并同意")


def app() -> Flask:
    """The server's application: `/components` and addresses for the layout's links."""
    made = Flask("gallery", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    made.config.update(SECRET_KEY="a-key-that-only-tests-use", BABEL_DEFAULT_LOCALE="zh_Hans_CN")
    Babel(made)
    CSRFProtect(made)
    filters.init_app(made)
    web = Blueprint("web", __name__)
    for name, rule in {"home": "/", "my": "/my", "display": "/display", "language": "/language", "event": "/e/<slug>", "privacy": "/e/<slug>/privacy"}.items():
        web.add_url_rule(rule, name, lambda **_: "", methods=["GET", "POST"])
    made.register_blueprint(web)
    made.context_processor(lambda: {"display": request.args.get("display", "standard")})
    made.add_url_rule("/components", "components", _components)
    return made


def _components() -> Response:
    form = Examples()
    form.bad.data, form.bad.errors = "1381234567", ["手机号码应为11位，现在只有10位"]
    form.disagree.errors = ["要先同意告知书才能报名"]
    response = Response(render_template("components/page.html", form=form, event=EVENT, phone=PHONE))
    response.headers["Content-Security-Policy"] = headers.STRICT
    return response


@contextmanager
def served() -> Iterator[str]:
    """The address of the running gallery."""
    server = make_server("127.0.0.1", 0, app(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(5)
