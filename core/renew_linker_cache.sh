#!/bin/sh
# Run by `meson install`: renews the linker's cache when root installs into the running system.
PATH=$PATH:/usr/sbin:/sbin
if [ "$MESON_INSTALL_PREFIX" = "$MESON_INSTALL_DESTDIR_PREFIX" ] && [ "$(id -u)" -eq 0 ] &&
    command -v ldconfig >/dev/null; then
    ldconfig || echo "ldconfig failed; programs linked with libsordino may not find it" >&2
fi
