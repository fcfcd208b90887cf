#!/bin/sh
# ./bootstrap from a fresh copy of the tree, in a folder with a space in its name and an all but
# empty environment: bootstrap.sh SOURCE
set -eu
source=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tree="$scratch/a copy"
mkdir "$tree"
(cd "$source" && find . -maxdepth 1 ! -name . ! -name 'build*' ! -name demo ! -name '.git' -print0) |
    (cd "$source" && xargs -0 cp -R -t "$tree")

fail()
{
    echo "$*"
    cat "$scratch/log"
    exit 1
}

# run STATUS ARGUMENTS...: what bootstrap answers; its words are kept in log.
run()
{
    expected=$1
    shift
    got=0
    (cd "$scratch" && env -i HOME="$scratch" PATH=/usr/bin:/bin sh "$tree/bootstrap" "$@") \
        >"$scratch/log" 2>&1 </dev/null || got=$?
    [ "$got" -eq "$expected" ] || fail "bootstrap $*: exit status $got; expected $expected"
}

# said TEXT: the last run's words have it.
said()
{
    grep -q -- "$1" "$scratch/log" || fail "bootstrap did not say: $1"
}

run 2
said '^Usage'
run 2 nonsense
run 2 denoise a b c
run 2 test now
run 0 help
run 1 denoise missing.wav
said 'missing.wav: there is no such file'

for n in first second; do
    run 0 denoise
    for file in noisy.wav clean.wav spectrogram.png; do
        [ -s "$tree/demo/$file" ] || fail "the $n demo wrote no $file"
    done
    said "$tree/demo/spectrogram.png"
done
grep -i 'si-sdr' "$scratch/log" || fail 'the demo gave no score'

cp "$tree/demo/noisy.wav" "$scratch/-odd name.wav"
run 0 denoise '-odd name.wav'
[ -s "$scratch/-odd name-clean.wav" ] || fail 'no clean copy was written beside the input'
run 1 denoise '-odd name.wav'
said 'it exists already'
run 0 denoise '-odd name.wav' -- --force
run 0 denoise "$tree/demo/noisy.wav" other.wav
[ -s "$scratch/other.wav" ] || fail 'the named output was not written'
echo "all said and done as it should"
