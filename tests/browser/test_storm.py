"""A few random evenings with a bad network (tests/browser/storm.py); many more: python -m tests.browser.storm --seed 1 --count 300."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.live import PROJECT


@pytest.mark.timeout(600)
def test_four_random_evenings_end_with_figures_equal_to_the_taps() -> None:
    command = [sys.executable, "-m", "tests.browser.storm", "--seed", "1", "--count", "4"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, done.stdout + done.stderr
