#!/bin/sh
# Set up what a make target needs: sh tests/setup.sh WANT...
#
#   git emacs makeinfo             the program
#   magit package-lint epc         the Emacs package
#   patch ps mount                 the program, for the tests
#   slurm                          a cluster for the tests, where it can be installed for them
#   postgresql                     a database server for the tests
#   run                            .venv with explog
#   dev                            .venv with explog and the tools to test and lint it
#
# What is there already is left alone. On Debian and Ubuntu the rest is
# installed, if we may; elsewhere we say what to install, and exit 1.
# PYTHON, EMACS   the ones to use, where those on PATH are not
# EXPLOG_ELPA     folders with Emacs packages, such as ~/.emacs.d/elpa

set -eu
cd "$(dirname "$0")/.."
unset PYTHONHOME PYTHONPATH PIP_PREFIX PIP_TARGET PIP_USER

say() { printf '%s\n' "$*" >&2; }

# --- What is there ---------------------------------------------------------

emacs_eval() { "${EMACS:-emacs}" -Q --batch "$@" </dev/null >/dev/null 2>&1; }

has_emacs_package() {
    emacs_eval -l tests/elisp/init.el --eval "(kill-emacs (if (locate-library \"$1\") 0 1))"
}

# What `make bench` compares with; tests/elisp/init.el leaves it out.
has_epc() {
    emacs_eval -l tests/elisp/init.el \
        --eval "(kill-emacs (if (ignore-errors (package-activate 'epc)) 0 1))"
}

# Runs what it tests: a pyenv shim exists also for versions that do not run,
# and Debian's Python comes without the half of venv that it needs.
python_works() {
    "$1" -c 'import ensurepip, sqlite3, ssl, sys, venv; sys.exit(sys.version_info < (3, 11))' \
        </dev/null >/dev/null 2>&1
}

# Prints the program itself, not the shim or an active .venv that leads to it.
find_python() {
    for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3}; do
        if python_works "$python"; then
            "$python" -c 'import sys; print(sys._base_executable)'
            return
        fi
    done
    return 1
}

# A .venv is as good as new while nothing that it was made from has changed.
venv_stamp() { pwd && cat pyproject.toml tests/constraints.txt; }

venv_ready() {
    [ -f ".venv/made-for-$1" ] && venv_stamp | cmp -s - ".venv/made-for-$1" &&
        .venv/bin/python -c '' 2>/dev/null
}

has() {
    case $1 in
    git) git --version >/dev/null 2>&1 ;;
    emacs) emacs_eval --eval '(kill-emacs (if (version< emacs-version "28.1") 1 0))' ;;
    magit | package-lint) has_emacs_package "$1" ;;
    epc) has_epc ;;
    patch | ps | mount | makeinfo) command -v "$1" >/dev/null ;;
    # Tests that need it are skipped without it, so nobody has to install it.
    slurm) PATH="$PATH:/usr/sbin" command -v slurmctld >/dev/null || ! may_install ;;
    # Debian has the programs of its servers in folders of their own.
    postgresql) ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null ;;
    run) venv_ready run || venv_ready dev || find_python >/dev/null ;;
    dev) venv_ready dev || find_python >/dev/null ;;
    *) say "tests/setup.sh: what is $1?" && exit 2 ;;
    esac
}

# --- What to install -------------------------------------------------------

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_install() {
    command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

debian_name() {
    case $1 in
    emacs) echo emacs-nox ;;
    magit | package-lint | epc) echo "elpa-$1" ;;
    ps) echo procps ;;
    makeinfo) echo texinfo ;;
    slurm) echo slurm-wlm ;;
    run | dev)
        for version in 3.14 3.13 3.12 3.11; do
            if apt-cache show "python$version-venv" >/dev/null 2>&1; then
                echo "python$version-venv"
                return
            fi
        done
        echo python3-venv
        ;;
    *) echo "$1" ;;
    esac
}

debian_names() { for want in "$@"; do debian_name "$want"; done | sort -u | tr '\n' ' '; }

apt_quietly() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@" \
        </dev/null >"$log" 2>&1
}

apt_install() {
    log=$(mktemp)
    apt_quietly update || say "apt-get update failed; trying with the lists that are there."
    names=$(debian_names "$@")
    say "Installing ${names}with apt-get (this can take a minute)..."
    # shellcheck disable=SC2086 # one word for each package
    apt_quietly install -y --no-install-recommends $names || cat "$log" >&2
    rm -f "$log"
}

tell() {
    case $1 in
    emacs) say "  - Emacs 28.1 or newer (set EMACS if it has another name)" ;;
    magit | package-lint | epc)
        say "  - $1, an Emacs package (set EXPLOG_ELPA to the folder it is in, as ~/.emacs.d/elpa)"
        ;;
    postgresql) say "  - PostgreSQL 14 or newer, its server (initdb and pg_ctl)" ;;
    run | dev) say "  - Python 3.11 or newer with venv, ssl and sqlite3 (or set PYTHON to one)" ;;
    *) say "  - $1" ;;
    esac
}

missing() { for want in "$@"; do has "$want" || printf '%s ' "$want"; done; }

install_missing() {
    wanted=$(missing "$@")
    if [ -n "$wanted" ] && may_install; then
        # shellcheck disable=SC2086 # a list of words, here and below
        apt_install $wanted
        wanted=$(missing "$@")
    fi
    [ -n "$wanted" ] || return 0
    say "Please install, and run this again:"
    for want in $wanted; do tell "$want"; done
    if command -v apt-get >/dev/null; then
        # shellcheck disable=SC2086
        say "On this system: sudo apt-get install $(debian_names $wanted)"
    fi
    exit 1
}

# --- The .venv -------------------------------------------------------------

make_venv() {
    case $1 in
    run) what=. ;;
    dev) what=".[dev] --constraint tests/constraints.txt" ;;
    esac
    if ! venv_ready run; then
        python=$(find_python)
        say "Making .venv with $("$python" --version)..."
        rm -rf .venv
        "$python" -m venv .venv
    fi
    say "Installing explog's Python packages into .venv..."
    # shellcheck disable=SC2086 # two options
    .venv/bin/python -m pip install -qq --no-input --disable-pip-version-check --editable $what
    venv_stamp >".venv/made-for-$1"
}

install_missing "$@"
for want in "$@"; do
    case $want in
    # Tests that need it are skipped without it, so nobody has to install it.
    slurm) PATH="$PATH:/usr/sbin" command -v slurmctld >/dev/null || ! may_install ;;
    run) venv_ready run || venv_ready dev || make_venv run ;;
    dev) venv_ready dev || make_venv dev ;;
    esac
done
