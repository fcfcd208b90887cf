#!/bin/sh
# The bundle's Turtle beside the specifications, without an error or a warning; and the symbols that
# the binary shows. validate.sh BUNDLE BINARY
set -eu
bundle=$1 binary=$2

shown=$(nm -D --defined-only "$binary" | awk '{ print $NF }')
if [ "$shown" != lv2_descriptor ]; then
    echo "$binary shows other symbols than lv2_descriptor: $shown"
    exit 1
fi
if ! command -v lv2_validate >/dev/null; then
    echo "lv2_validate is not installed"
    exit 77
fi
said=$(lv2_validate "$bundle"/manifest.ttl "$bundle"/sordino.ttl "$bundle"/presets.ttl 2>&1) || {
    echo "$said"
    exit 1
}
echo "$said"
# It is silent about warnings in its exit status; the file it skips is its own.
if echo "$said" | grep -v '^Skipping file /usr' | grep -i -e warning -e 'error:' -e skipping; then
    exit 1
fi
echo "$said" | grep -q 'Found 0 errors'
