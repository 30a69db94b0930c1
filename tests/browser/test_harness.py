"""The browser harness itself: the fake camera shows the code, and a complaint in the console is not overlooked."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path

import zxingcpp
from PIL import Image
from playwright.sync_api import Page

from tests.browser.camera import film
from tests.browser.conftest import Watcher
from tests.live import LiveServer

CODE = "HTTPS://EXAMPLE.TEST/T/7Z3K9QJX2M5N8PRT4VWA"

SNAP = """async () => {
    const stream = await navigator.mediaDevices.getUserMedia({video: {width: 1280, height: 720}});
    const video = document.createElement('video');
    video.srcObject = stream;
    video.muted = true;
    await video.play();
    await new Promise(done => setTimeout(done, 500));
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext('2d').drawImage(video, 0, 0);
    stream.getTracks().forEach(track => track.stop());
    return canvas.toDataURL('image/png');
}"""


def test_the_fake_camera_shows_the_code(live_server: LiveServer, open_page: Callable[..., Page], complaints: Watcher, tmp_path: Path) -> None:
    complaints.allow("favicon|401")  # nobody has joined
    page = open_page(camera=film(CODE, tmp_path))
    page.goto(f"{live_server.url}/scan")  # the one page whose policy allows the camera
    picture = Image.open(io.BytesIO(base64.b64decode(page.evaluate(SNAP).split(",", 1)[1])))
    assert [found.text for found in zxingcpp.read_barcodes(picture)] == [CODE]


def test_complaints_are_heard(live_server: LiveServer, page: Page, complaints: Watcher) -> None:
    complaints.allow("favicon")
    page.goto(f"{live_server.url}/healthz")
    page.evaluate("() => { console.error('heard'); setTimeout(() => { throw new Error('uncaught here') }, 0) }")
    page.wait_for_timeout(200)
    assert len(complaints.unexpected()) == 2
    complaints.allow("heard")
    complaints.allow("uncaught here")
