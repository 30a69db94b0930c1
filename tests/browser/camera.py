"""Videos for Chromium's fake camera: a QR code as on a ticket, or the codes that another phone shows one after another."""

from __future__ import annotations

import subprocess
from pathlib import Path

import qrcode
from qrcode.constants import ERROR_CORRECT_M


def film(text: str | None, folder: Path, name: str = "camera") -> Path:
    """A short 1280x720 video (mjpeg, looped by Chromium) with the code of ``text`` on a white card, or grey without one."""
    still, video = folder / f"{name}.png", folder / f"{name}.mjpeg"
    scene = "color=c=0x808080:s=1280x720"
    if text is None:
        inputs = ["-f", "lavfi", "-i", scene]
        drawn: list[str] = []
    else:
        code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, box_size=12, border=4)
        code.add_data(text)
        code.make_image().save(still)
        inputs = ["-f", "lavfi", "-i", scene, "-loop", "1", "-i", str(still)]
        drawn = ["-filter_complex", "[0][1]overlay=(W-w)/2:(H-h)/2"]
    # yuvj420p: with ffmpeg's default pixel format Chromium shows black frames and says nothing
    command = ["ffmpeg", "-y", "-loglevel", "error", *inputs, *drawn, "-frames:v", "20", "-r", "10", "-pix_fmt", "yuvj420p", "-q:v", "3", str(video)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return video


def reel(stills: list[Path], folder: Path, name: str = "reel", each: int = 9) -> Path:
    """A 1280x720 video of square pictures, one after another, looped by Chromium at 30 frames a second; ``each`` frames a picture."""
    listing, video = folder / f"{name}.txt", folder / f"{name}.mjpeg"
    listing.write_text("".join(f"file '{still}'\nduration {each / 30:.4f}\n" for still in stills), encoding="ascii")
    shape = "fps=30,scale=640:640:flags=neighbor,pad=1280:720:320:40:color=0x808080"
    command = ["ffmpeg", "-y", "-loglevel", "error", "-f", "concat", "-safe", "0", "-i", str(listing), "-vf", shape, "-pix_fmt", "yuvj420p", "-q:v", "3", str(video)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return video
