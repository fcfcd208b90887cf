"""Writes the C file that makes model files a part of the library.

    embed.py OUT.c [DESCRIPTION FILE.safetensors]...

The assembler takes the bytes in as they are, into the read-only data that processes share. The
file is made anew whenever a model changes, so that the compiler sees it. A model's hash is worked
out here, and its CRC compared, so that opening it need not read it twice more.
"""
import json
import os
import sys
import zlib

HEAD = """\
/* Made by core/model/embed.py. */
#include "core/model/builtin.h"

"""
BYTES = """\
__asm__(".pushsection .rodata\\n"
        ".balign 64\\n"
        ".globl builtin_begin_{i}\\n"
        ".hidden builtin_begin_{i}\\n"
        "builtin_begin_{i}:\\n"
        ".incbin {path}\\n"
        ".globl builtin_end_{i}\\n"
        ".hidden builtin_end_{i}\\n"
        "builtin_end_{i}:\\n"
        ".byte 0\\n"
        ".popsection\\n");
extern const unsigned char builtin_begin_{i}[] __attribute__((visibility("hidden")));
extern const unsigned char builtin_end_{i}[] __attribute__((visibility("hidden")));

"""


def quoted(text):
    """As a C string's inside; twice over it serves the assembler, which reads the same escapes."""
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')


def fnv1a(data):
    """FNV-1a of 64 bits, as core/model/model_file.c has it."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return "%016x" % value


def check(path, data):
    """Ends the build where the tensors are not those that the header's CRC was made of."""
    end = 8 + int.from_bytes(data[:8], "little")
    said = json.loads(data[8:end]).get("__metadata__", {}).get("sordino.crc32")
    made = "%08x" % zlib.crc32(data[end:])
    if said not in (None, made):
        sys.exit("embed.py: %s: the tensors' CRC-32 is %s, but sordino.crc32 says %s"
                 % (path, made, said))


def main(out, *given):
    text, rows = HEAD, ""
    for i, (description, path) in enumerate(zip(given[::2], given[1::2])):
        path = os.path.abspath(path)
        name = os.path.basename(path)[:-len(".safetensors")]
        with open(path, "rb") as file:
            data = file.read()
        check(path, data)
        text += BYTES.format(i=i, path=quoted(quoted(path))[1:-1])
        rows += "    {%s, %s, builtin_begin_%d, builtin_end_%d, \"%s\"},\n" % (
            quoted(name), quoted(description), i, i, fnv1a(data))
    text += "const builtin_model builtin_models[] = {\n%s    {0, 0, 0, 0, 0},\n};\n" % rows
    with open(out, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
