#!/bin/sh
# Compiles the engine for 64-bit ARM and runs its tests in an emulator: aarch64.sh ROOT FOLDER
# Skipped where the cross compiler or the emulator is missing.
set -eu
root=$1 folder=$2
cc=aarch64-linux-gnu-gcc
for tool in $cc qemu-aarch64; do
    command -v "$tool" >/dev/null || { echo "$tool is not installed"; exit 77; }
done
mkdir -p "$folder"
cd "$root"
flags="-std=c11 -O2 -Wall -Wextra -Werror -Wno-unused-parameter -Wno-psabi -ffp-contract=off
    -D_POSIX_C_SOURCE=200809L -DKERNELS_HAVE_NEON -DCHUNKS_FRAMES=70 -I. -Icore/include -Itests/parity/cross"
engine="core/base/arena.c core/base/cpu.c core/base/status.c core/kernels/pick.c
    core/kernels/kernels_c.c core/kernels/kernels_neon.c core/kernels/train_c.c
    core/kernels/train_neon.c core/kernels/train_pick.c core/ops/*.c core/graph/*.c core/plan/*.c
    tests/support/net.c tests/support/net_random.c trainer/net/presets.c"
for test in unit/test_kernels unit/test_ops parity/test_chunks parity/test_ops_grad; do
    # Flags and files are lists.
    # shellcheck disable=SC2086
    $cc $flags $engine "tests/$test.c" -lm -o "$folder/$(basename "$test")"
    echo "$test"
    qemu-aarch64 -L /usr/aarch64-linux-gnu "$folder/$(basename "$test")"
done
