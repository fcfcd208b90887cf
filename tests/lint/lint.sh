#!/bin/sh
# One check of the whole tree: lint.sh format|tidy|cppcheck|headers|shell ROOT BUILD
# Lists of names and flags are split; no name in the tree holds a space.
# shellcheck disable=SC2044,SC2046,SC2086
set -eu
check=$1 root=$2 build=$3
folders="core common examples offline trainer plugin stream tests bench"
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
cd "$root"

# Prints files of the given name patterns, each ended by a NUL.
files()
{
    find $folders -type f \( -name "$1" -o -name "${2:-$1}" \) -print0 | sort -z
}

skip()
{
    echo "$1 is not installed"
    exit 77
}

case $check in
format)
    command -v clang-format >/dev/null || skip clang-format
    files '*.c' '*.h' | xargs -0 clang-format --dry-run --Werror
    ;;
tidy)
    command -v clang-tidy >/dev/null || skip clang-tidy
    mkdir -p "$build/tidy"
    # Each file once for each set of definitions it is compiled with, whatever it is linked into.
    # A process for each file: clang-tidy 14 is wrong about va_list from its second file on.
    python3 -c '
import json, os, sys
root, build = os.path.realpath(sys.argv[1]), sys.argv[2]
chosen = {}
for entry in json.load(open(build + "/compile_commands.json")):
    path = os.path.realpath(os.path.join(entry["directory"], entry["file"]))
    words = entry["command"].split()
    if path.startswith(root + "/"):
        chosen[path, *sorted(w for w in words if w.startswith(("-D", "-m")))] = entry
with open(build + "/tidy/compile_commands.json", "w") as file:
    json.dump(list(chosen.values()), file)
print("\0".join(sorted({key[0] for key in chosen})), end="\0")
' "$root" "$build" >"$build/tidy/files"
    xargs -0 -n 1 -P "$jobs" clang-tidy -p "$build/tidy" --quiet \
        <"$build/tidy/files" 2>"$build/tidy.log" || {
        grep -v ' warnings\{0,1\} generated' "$build/tidy.log" >&2
        exit 1
    }
    ;;
cppcheck)
    command -v cppcheck >/dev/null || skip cppcheck
    mkdir -p "$build/cppcheck"
    cppcheck --quiet -j "$jobs" --error-exitcode=1 --std=c11 --language=c \
        --enable=warning,performance,portability --inline-suppr \
        --suppressions-list=tests/lint/cppcheck-suppressions --cppcheck-build-dir="$build/cppcheck" \
        -I . -I core/include --library=posix $(find $folders -name '*.c' | sort)
    ;;
headers)
    # Each header alone, in C; those that are installed in C++ too. Two are pieces of the files that
    # include them.
    flags="-I . -I core/include -I $build -Wall -Wextra -Wpedantic -Werror -fsyntax-only"
    for package in cairo cmocka jansson lilv-0 lv2; do
        flags="$flags $(pkg-config --cflags "$package" 2>/dev/null || true)"
    done
    command -v c++ >/dev/null || skip "a C++ compiler"
    status=0
    for header in $(find $folders -name '*.h' ! -name kernels_body.h ! -name kernels_math.h \
        ! -name train_body.h ! -name 'vec_*.h'); do
        printf '#include "%s"\nextern int a_unit_is_not_empty;\n' "$header" |
            cc -std=c11 -D_POSIX_C_SOURCE=200809L $flags -x c - || status=1
    done
    for header in $(cd core/include && find . -name '*.h'); do
        printf '#include <%s>\nextern int a_unit_is_not_empty;\n' "${header#./}" |
            c++ -std=c++11 $flags -x c++ - || status=1
    done
    exit $status
    ;;
shell)
    # dash is what /bin/sh is on Debian, and takes no more than POSIX has.
    for script in bootstrap $(ls .ci/run 2>/dev/null) $(find $folders -name '*.sh'); do
        sh -n "$script"
    done
    if command -v shellcheck >/dev/null; then
        shellcheck bootstrap $(ls .ci/run 2>/dev/null) $(find $folders -name '*.sh')
    fi
    ;;
*)
    echo "lint.sh: no check is called $check" >&2
    exit 2
    ;;
esac
