#!/bin/sh
# `make demo` in a fresh clone with an empty HOME and no test dependency: it serves the sample, its
# correspondent writes, Ctrl-C ends it, and nothing is left behind.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
demo=
trap 'test -z "$demo" || kill -INT -"$demo" 2> "$folder/none"; rm -rf "$folder"' EXIT
git clone --quiet "$here" "$folder/clone"
mkdir "$folder/home" "$folder/tmp"
cd "$folder/clone"

fail() {
    cat "$folder/out"
    echo "make demo: $1" >&2
    exit 1
}

# A process group of its own, so that it gets Ctrl-C as from a terminal.
HOME="$folder/home" TMPDIR="$folder/tmp" setsid make demo > "$folder/out" 2>&1 &
demo=$!
tries=0
until grep -q '^The live page:' "$folder/out"; do
    tries=$((tries + 1))
    test $tries -lt 180 || fail "it was not there after three minutes"
    kill -0 "$demo" 2> "$folder/none" || fail "it ended by itself"
    sleep 1
done
address=$(sed -n 's/^The live page: *//p' "$folder/out")
.venv/bin/python - "$address" << 'END' || fail "the correspondent was not heard"
import sys, time, urllib.request

address = sys.argv[1]
deadline = time.monotonic() + 30
with urllib.request.urlopen(f"{address}events", timeout=30) as stream:
    while not stream.readline().startswith(b"event: entry"):
        assert time.monotonic() < deadline
for path in ("", "atom.xml", "rss.xml", "feed.json", "daily/atom.xml", "weekly/atom.xml", "compose"):
    with urllib.request.urlopen(address + path, timeout=10) as answer:
        assert answer.status == 200 and answer.read(), path
END
kill -INT -"$demo"
wait "$demo" || true
demo=
grep -q 'The demonstration is over' "$folder/out" || fail "Ctrl-C did not end it well"
cat "$folder/out"
test -z "$(ls -A "$folder/tmp")" || fail "it left something in the temporary folder"
test -z "$(git status --porcelain)" || fail "it changed the clone"
.venv/bin/python -c 'import pytest' 2> "$folder/none" && fail "it installed test dependencies"
exit 0
