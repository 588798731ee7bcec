#!/bin/sh
# `make demo` in a fresh clone with an empty HOME and no test dependency: it must get to the end.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git clone --quiet "$here" "$folder/clone"
mkdir "$folder/home"
cd "$folder/clone"
HOME="$folder/home" TMPDIR="$folder" make demo > "$folder/out" 2>&1 || {
    cat "$folder/out"
    exit 1
}
cat "$folder/out"
for name in index.html atom.xml rss.xml feed.json daily/atom.xml weekly/atom.xml; do
    test -s "$folder"/liveblog-demo.*/feeds/$name
done
.venv/bin/python -c 'import pytest' 2> "$folder/none" && {
    echo "make demo installed test dependencies" >&2
    exit 1
}
test -z "$(git status --porcelain)"
