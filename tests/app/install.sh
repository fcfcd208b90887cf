#!/bin/sh
# The installed tree serves a stranger: install.sh BUILD CC. Installs under a folder of its own,
# compiles tests/app/consumer.c there by nothing but pkg-config, shared and static, and runs both;
# then looks at what the shared library exports.
set -eu
build=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail()
{
    echo "$*" >&2
    exit 1
}

meson install -C "$build" --no-rebuild --destdir "$scratch/root" >"$scratch/log" 2>&1 ||
    { cat "$scratch/log"; fail "meson install failed"; }
pc=$(find "$scratch/root" -name sordino-0.pc)
[ -n "$pc" ] || fail "sordino-0.pc was not installed"

# The tree lies under a DESTDIR: the prefix written into the .pc file is put there.
prefix=$(sed -n 's/^prefix=//p' "$pc")
PKG_CONFIG_PATH=${pc%/*}
export PKG_CONFIG_PATH
flags()
{
    pkg-config --define-variable=prefix="$scratch/root$prefix" "$@" sordino-0
}

cd "$scratch"
# shellcheck disable=SC2046
"$@" -std=c11 -Wall -Wextra -Werror -o shared "$here/consumer.c" $(flags --cflags --libs)
libdir=$(flags --variable=libdir)
LD_LIBRARY_PATH=$libdir ./shared
LD_LIBRARY_PATH=$libdir ldd ./shared | grep -q "libsordino.so.0 => $libdir/" ||
    fail "the program does not use the installed libsordino.so.0"
# shellcheck disable=SC2046
"$@" -std=c11 -static -o static "$here/consumer.c" $(flags --cflags) $(flags --static --libs)
./static

n=$(find "$scratch/root" -path '*/include/sordino-0/sordino/*.h' | wc -l)
[ "$n" -eq "$(find "$here/../../core/include/sordino" -name '*.h' | wc -l)" ] ||
    fail "$n public headers were installed"

# Exported: sordino_ functions, all of those that the headers mark SORDINO_API, of today and of 0.1.
nm -D --defined-only "$libdir/libsordino.so.0" | awk '$2 != "A" { print $3 }' | sed 's/@.*//' | sort >exported
strange=$(grep -v '^sordino_' exported || true)
[ -z "$strange" ] || fail "the shared library exports: $strange"
cat "$here"/../../core/include/sordino/*.h "$here"/../abi/sordino/*.h | tr '\n' ' ' | sed 's/SORDINO_API/\n&/g' |
    sed -n 's/^SORDINO_API [^(]*[ *]\(sordino_[a-z0-9_]*\)(.*/\1/p' | sort -u >declared
diff declared exported || fail "what the headers declare (<) is not what is exported (>)"
sed -n 's/^ \(sordino_[a-z0-9_]*\)@.*/\1/p' "$here/../../debian/libsordino0.symbols" | sort >packaged
diff packaged exported || fail "debian/libsordino0.symbols (<) is not what is exported (>)"

# The installed tree as a bundle that runs: the tag has all of it.
meson install -C "$build" --no-rebuild --tags runtime --destdir "$scratch/runtime" >"$scratch/log" 2>&1 ||
    { cat "$scratch/log"; fail "meson install --tags runtime failed"; }
(cd "$scratch/root" && find . -path '*/sordino.lv2/*' -o -path '*/bin/*') | sort >whole.list
(cd "$scratch/runtime" && find . -path '*/sordino.lv2/*' -o -path '*/bin/*') | sort >runtime.list
diff whole.list runtime.list || fail "--tags runtime leaves out what runs (<)"
[ -z "$(find "$scratch/runtime" -name '*.h' -o -name '*.a')" ] || fail "--tags runtime installs headers"

# Models stand in the library, shared and static, and in the plugins; no program has them once more.
for program in "$scratch/root$prefix"/bin/*; do
    [ "$(wc -c <"$program")" -lt 2000000 ] || fail "${program##*/} has models in it"
done
echo "$(wc -l <exported) functions are exported"
