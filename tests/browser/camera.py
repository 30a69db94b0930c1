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
    """A 1280x720 video of square pictures of at most 360 pixels, one after another, looped by Chromium at 30 frames a second; ``each`` frames a picture."""
    pattern, video = folder / f"{name}-%04d.png", folder / f"{name}.mjpeg"
    for number in range(len(stills) * each):  # ffmpeg's own lists of pictures give the last one no time
        (folder / f"{name}-{number:04d}.png").symlink_to(stills[number // each])
    shape = "scale=iw*2:ih*2:flags=neighbor,pad=1280:720:(ow-iw)/2:(oh-ih)/2:color=0x808080"
    command = ["ffmpeg", "-y", "-loglevel", "error", "-framerate", "30", "-i", str(pattern), "-vf", shape, "-pix_fmt", "yuvj420p", "-q:v", "3", str(video)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return video
