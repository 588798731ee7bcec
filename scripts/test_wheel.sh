#!/bin/sh
# Build the wheel, install it into a fresh virtual environment, and run the fast tests against it in
# a folder without src/. Usage: scripts/test_wheel.sh [PYTHON [ARGUMENT OF PYTEST]…]
set -eu
cd "$(dirname "$0")/.."
python=${1:-python3}
test $# -eq 0 || shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$python" -m venv "$folder/venv"
bin=$folder/venv/bin
install() { "$bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }
"$bin/python" -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$folder/dist" .
"$bin/python" -c 'import tomllib
print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["test"], sep="\n")' \
    > "$folder/test.txt"
install "$folder"/dist/liveblog-*.whl -r "$folder/test.txt"

mkdir "$folder/clone"
git ls-files -z --cached --others --exclude-standard -- . ':!src' |
    tar --create --null --files-from - --ignore-failed-read | tar --extract --directory "$folder/clone"
cd "$folder/clone"
unset PYTHONPATH
"$bin/python" -c 'import liveblog, sys
sys.exit("site-packages" not in liveblog.__file__ and f"{liveblog.__file__} is not the wheel")'
"$bin/python" -m pytest -n "${JOBS:-2}" --dist loadfile -m "not slow" -p no:cacheprovider "$@"
