#!/bin/sh
# A sordino that was built without cairo denoises, and says so when it is asked for a picture:
# no_pictures.sh SORDINO
set -eu
case $1 in
/*) sordino=$1 ;;
*) sordino=$PWD/$1 ;;
esac
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

fail()
{
    echo "$*"
    exit 1
}

awk 'BEGIN { for (i = 0; i < 200; i++) print sin(i / 9) + rand() / 5 }' >in.csv
"$sordino" -q in.csv out.csv
[ "$(wc -l <out.csv)" -eq 200 ] || fail "out.csv is not as long as in.csv"
for input in in.csv missing.csv; do
    got=0
    "$sordino" -q --plot picture.png "$input" new.csv 2>said || got=$?
    [ "$got" -eq 1 ] || fail "exit status $got with --plot"
    [ "$(wc -l <said)" -eq 1 ] || fail "not one sentence: $(cat said)"
    if [ -e new.csv ] || [ -e picture.png ]; then
        fail "something was written"
    fi
done
"$sordino" -q --plot picture.png in.csv new.csv 2>said || grep 'without cairo' said || fail "$(cat said)"
