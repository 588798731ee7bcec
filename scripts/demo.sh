#!/bin/sh
# The three uses in a new folder: append an update, read the digest, subscribe to the site.
set -eu
here=$(cd "$(dirname "$1")" && pwd)
liveblog=$here/liveblog
blog=$(mktemp -d "${TMPDIR:-/tmp}/liveblog-demo.XXXXXX")

run() {
    printf '\n$ liveblog'
    for word in "$@"; do
        case $word in *[!A-Za-z0-9._/:=-]*) printf ' "%s"' "$word" ;; *) printf ' %s' "$word" ;; esac
    done
    printf '\n'
    "$liveblog" "$@"
}

run init "$blog" --title "Harbour fire, live" --timezone Europe/London --author "Night desk"
cd "$blog"
run post "Smoke over the east quay; the ferry terminal is being cleared." \
    --title "Fire at the harbour" --key --tag harbour --at "yesterday 21:40"
run post "Two crews are on the quay." --figure "Fire engines=6" --at "yesterday 22:05" --tag harbour
run post "A second building is said to be alight." --unconfirmed \
    --source "Harbour radio https://example.org/harbour-radio" --tag harbour
run post "The fire is under control; ferries stay in port until noon." \
    --title "Under control" --key --figure "Fire engines=11" --tag harbour
run digest yesterday..today
run publish

printf '\nThe site is on disk, in %s/feeds:\n' "$blog"
printf '  index.html         the live page\n'
printf '  atom.xml rss.xml   what a feed reader subscribes to; feed.json is the same as JSON Feed\n'
printf '  daily/ weekly/     a feed entry a day, a feed entry a week\n'
printf '\nTo look at it:\n'
printf '  %s/python -m http.server -d %s/feeds 8000\n' "$here" "$blog"
printf '  then open http://localhost:8000/\n'
printf '\nTo go on writing:\n  %s -C %s post "…"\n' "$liveblog" "$blog"
