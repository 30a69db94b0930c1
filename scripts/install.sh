#!/bin/sh
# Makes .venv and installs one requirements file into it, once per content of that file:
#   scripts/install.sh [--tools | --bench] requirements.txt
# --tools and --bench also install, where root and apt-get are there, the programs that the tests or the benchmark need.
# uv is used where pip can fetch it; INSTALLER=pip does without.
set -eu

cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
tools=no
case $1 in --tools | --bench) tools=${1#--} && shift ;; esac
wanted=$1

stop() {
    echo "eventsvc cannot be installed: $1" >&2
    exit 2
}

apt_get() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
    export DEBIAN_FRONTEND=noninteractive
    [ "${apt_updated:-}" = yes ] || apt-get -qq update >/dev/null 2>&1 || true
    apt_updated=yes
    apt-get -qq install -y --no-install-recommends "$@" >/dev/null 2>&1
}

have_postgresql() {
    command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
}

install_tools() {
    missing=
    command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
    command -v ffmpeg >/dev/null 2>&1 || missing="$missing ffmpeg"
    command -v strace >/dev/null 2>&1 || missing="$missing strace"
    command -v node >/dev/null 2>&1 || missing="$missing nodejs"
    command -v pdftoppm >/dev/null 2>&1 || missing="$missing poppler-utils"
    have_postgresql || missing="$missing postgresql"
    command -v wrk >/dev/null 2>&1 || missing="$missing wrk"
    command -v pgbouncer >/dev/null 2>&1 || [ -x /usr/sbin/pgbouncer ] || missing="$missing pgbouncer"
    command -v redis-server >/dev/null 2>&1 || missing="$missing redis-server"
    [ -z "$(find /usr/share/fonts -iname '*noto*cjk*' -print -quit 2>/dev/null)" ] && missing="$missing fonts-noto-cjk"
    install "those tests are skipped, loudly"
}

install_bench() {
    missing=
    command -v wrk >/dev/null 2>&1 || missing="$missing wrk"
    have_postgresql || missing="$missing postgresql"
    install "the benchmark does with less, and says so"
}

install() {
    [ -z "$missing" ] && return 0
    echo "Installing$missing (Debian packages) ..."
    # shellcheck disable=SC2086
    apt_get $missing || echo "Could not install$missing: $1." >&2
}

command -v "$python" >/dev/null 2>&1 || stop "there is no $python: install Python 3.11 or newer."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || stop "Python 3.11 or newer is needed, as in PYTHON=python3.12 make run."
[ "$tools" = no ] || "install_$tools"

if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    echo "Making .venv ..."
    "$python" -m venv .venv >/dev/null 2>&1 || {
        apt_get python3-venv || true
        "$python" -m venv --clear .venv >/dev/null 2>&1 || stop "the module venv is missing: apt-get install python3-venv."
    }
fi

sum=$(cat requirements.txt "$wanted" | cksum | tr ' ' -)
stamp=.venv/installed-$(basename "$wanted" .txt)
# What the tests need contains what the application needs.
for done in "$stamp" .venv/installed-requirements-dev; do
    [ -f "$done" ] || continue
    [ "$(cat "$done")" = "$sum" ] && exit 0
    [ "$done" != "$stamp" ] && [ "$(cat "$done")" = "$(cat requirements.txt requirements-dev.txt | cksum | tr ' ' -)" ] && exit 0
done

echo "Installing $wanted ..."
log=.venv/install.log
with_uv() {
    [ "${INSTALLER:-uv}" = uv ] || return 1
    [ -x .venv/bin/uv ] || .venv/bin/python -m pip install -q uv >"$log" 2>&1 || return 1
    .venv/bin/uv pip install -q --compile-bytecode --python .venv/bin/python -r "$wanted" >"$log" 2>&1
}
with_uv || .venv/bin/python -m pip install -q -r "$wanted" >"$log" 2>&1 ||
    stop "$(grep -v '^ *$' "$log" | tail -n 1) (see $log)"
echo "$sum" >"$stamp"
