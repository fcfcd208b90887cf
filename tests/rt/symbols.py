"""Proves from the object code that no real-time function can reach a call that may block.

    symbols.py ROOT ARCHIVE           checks the core
    symbols.py ROOT ARCHIVE FOLDER    checks another folder, which may call what the core marks
    symbols.py --control CC           checks that the check trips

Roots are the functions that the folder marks SORDINO_RT, and those it stores in function pointers
that are so marked. From them the relocations in ARCHIVE are followed, section by section (the
core is built with -ffunction-sections, so a section is a function). Outside symbols that are
reached must be on the list below. Data is followed too: a table of functions counts as called.
Also: the kernels of one instruction set share their table and nothing else.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

# What real-time code may use of the C library: these neither allocate, lock nor call the kernel.
ALLOWED = set(
    "memcpy memmove memset memcmp __stack_chk_fail _GLOBAL_OFFSET_TABLE_ "
    "__mulsc3 __muldc3 __divsc3 __divdc3".split()
)
MATH = (
    "sqrt cbrt exp exp2 expm1 log log2 log10 log1p pow sin cos tan sincos asin acos atan atan2 sinh "
    "cosh tanh asinh acosh atanh erf erfc floor ceil trunc round nearbyint rint lrint llrint lround "
    "llround fmod remainder fma fmin fmax fabs fdim hypot ldexp scalbn scalbln frexp modf copysign "
    "nextafter cabs carg"
).split()
ALLOWED |= set(MATH) | {name + "f" for name in MATH}
# libgcc's atomic operations for aarch64: each picks one instruction or a pair of them, and no lock.
ATOMICS = tuple("__aarch64_" + name for name in ("cas", "swp", "ldadd", "ldclr", "ldeor", "ldset"))
ALLOWED_PREFIXES = ("fftwf_execute",) + ATOMICS


def read(path):
    """Text of a C file without comments and macros."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S)
    return re.sub(r"^[ \t]*#[ \t]*define(?:[^\n]*\\\n)*[^\n]*\n", "\n", text, flags=re.M)


def marked_functions(root, folder="core"):
    """Names of functions to start from: (declared in a header, found in other ways)."""
    headers = glob.glob(f"{root}/{folder}/**/*.h", recursive=True)
    sources = glob.glob(f"{root}/{folder}/**/*.c", recursive=True)
    arguments = r"\((?:[^();{}]|\([^()]*\))*\)\s*SORDINO_RT\b"
    declared, pointers, stored = set(), set(), set()
    texts = {path: read(path) for path in headers + sources}
    for path, text in texts.items():
        names = set(re.findall(r"(?<![*\w])(\w+)\s*" + arguments, text))
        if path.endswith(".h"):
            inline = set(re.findall(r"static inline[^;{}]*?(\w+)\s*\(", text))
            declared |= names - inline
        else:
            stored |= names
        pointers |= set(re.findall(r"\(\s*\*\s*(?:const\s+)?(\w+)\s*\)\s*" + arguments, text))
    everything = "\n".join(texts.values())
    # A pointer's type may have a name, and then so have the fields of that type.
    for name in list(pointers):
        pointers |= set(re.findall(r"\b" + name + r"\s+(?:const\s+)?(\w+)\s*;", everything))
    for name in pointers:
        stored |= set(re.findall(r"(?:\.|->)\s*" + name + r"\s*=\s*&?(\w+)\s*[,;}]", everything))
    return declared, stored - {"NULL"}


class Objects:
    """What an archive's objects define and refer to."""

    def __init__(self, archive):
        self.sections = {}  # (member, section): names it refers to
        self.local = {}  # (member, symbol): section
        self.defined = {}  # symbol: (member, section)
        self.exported = {}  # member: its global symbols
        listing = subprocess.run(
            [os.environ.get("OBJDUMP", "objdump"), "-w", "-t", "-r", archive],
            check=True, capture_output=True, text=True, env=dict(os.environ, LC_ALL="C"),
        ).stdout
        member = section = None
        for line in listing.splitlines():
            found = re.match(r"(.*):\s+file format ", line)
            if found:
                member, section = found.group(1), None
                continue
            found = re.match(r"RELOCATION RECORDS FOR \[(.*)\]:", line)
            if found:
                section = found.group(1)
                continue
            found = re.match(r"[0-9a-f]+ (.{7}) (\S+)\s+[0-9a-f]+ (?:\.hidden |\.internal )?(\S+)$", line)
            if found and section is None:
                self.add_symbol(member, found)
                continue
            found = re.match(r"[0-9a-f]+ R_\S+\s+(\S+?)(?:[+-]0x[0-9a-f]+)?$", line)
            if found:
                self.sections.setdefault((member, section), set()).add(found.group(1))

    def add_symbol(self, member, found):
        flags, section, name = found.groups()
        if section == "*UND*":
            return
        self.local[member, name] = section
        if flags[0] in "gu" or flags[1] == "w":
            self.defined.setdefault(name, (member, section))
            self.exported.setdefault(member, set()).add(name)

    def place(self, member, name):
        """Where a name used in `member` is defined, or None outside the archive."""
        if (member, name) in self.local:
            return member, self.local[member, name]
        if name.startswith("."):
            return member, name
        return self.defined.get(name)

    def find(self, name):
        """Every place where a function of this name is defined, static ones included."""
        places = {(m, s) for (m, n), s in self.local.items() if n == name and s.startswith(".text")}
        return places


def is_allowed(name):
    return name in ALLOWED or name.startswith(ALLOWED_PREFIXES)


def check(objects, declared, stored):
    """Sentences about what is wrong; and how many functions were walked."""
    wrong, trail, queue = [], {}, []
    for name in sorted(declared | stored):
        places = objects.find(name)
        if not places and name in declared:
            wrong.append(f"{name} is marked SORDINO_RT but was not found in the archive")
        for place in places:
            trail.setdefault(place, name)
            queue.append(place)
    walked = set()
    while queue:
        place = queue.pop()
        if place in walked:
            continue
        walked.add(place)
        for name in sorted(objects.sections.get(place, ())):
            target = objects.place(place[0], name)
            step = trail[place] + " -> " + re.sub(r"^\.(text|data\.rel\.ro)\.(local\.)?", "", name)
            if target is None:
                if not is_allowed(name):
                    wrong.append(f"{name} is within reach: {step}")
            elif target not in walked:
                trail.setdefault(target, step)
                queue.append(target)
    return wrong, sum(1 for _, section in walked if section.startswith(".text"))


def check_kernels(objects):
    """A file built for one instruction set must share nothing but its table: the linker could take
    its copy of a shared function for every caller, and an older processor would meet it."""
    wrong = []
    for member, names in sorted(objects.exported.items()):
        found = re.search(r"libkernels-([a-z0-9]+)\.a\.p/", member)
        if found and names != {"kernels_" + found.group(1)}:
            wrong.append(f"{member} shares {', '.join(sorted(names))}; it may share its table only")
    return wrong


CONTROL = """
#include <stdlib.h>
#include <string.h>
#define SORDINO_RT
void direct(int n) SORDINO_RT;
void harmless(char *p) SORDINO_RT;
typedef void (*named)(int n) SORDINO_RT;
struct table { void (*run)(int n) SORDINO_RT; named walk; };
extern void *kept;
void *kept;
__attribute__((noinline)) static void helper(int n) { kept = malloc(n); }
__attribute__((noinline)) static void pointed(int n) { kept = getenv("A"); }
__attribute__((noinline)) static void pointed_by_name(int n) { kept = realloc(kept, n); }
const struct table table = { .run = pointed, .walk = pointed_by_name };
void direct(int n) { helper(n); }
void harmless(char *p) { memset(p, 0, 3); }
void unmarked(void) { free(kept); }
"""


def control(compiler):
    """A small faulty library: both faults must be found, and nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(folder + "/core")
        with open(folder + "/core/faulty.c", "w", encoding="utf-8") as file:
            file.write(CONTROL)
        target = folder + "/faulty.o"
        subprocess.run(
            compiler + ["-O2", "-w", "-ffunction-sections", "-c", folder + "/core/faulty.c", "-o", target],
            check=True,
        )
        _, stored = marked_functions(folder)
        wrong, _ = check(Objects(target), {"missing"}, stored)
    for sentence in wrong:
        print(sentence)
    found = {sentence.split()[0] for sentence in wrong}
    if found != {"malloc", "getenv", "realloc", "missing"} or "harmless" not in stored:
        print("The control was to find malloc, getenv, realloc and missing")
        return 1
    return 0


def main():
    if sys.argv[1] == "--control":
        return control(sys.argv[2:])
    folder = sys.argv[3] if len(sys.argv) > 3 else "core"
    declared, stored = marked_functions(sys.argv[1], folder)
    if folder != "core":
        ALLOWED.update(marked_functions(sys.argv[1], "core/include")[0])
    objects = Objects(sys.argv[2])
    wrong, walked = check(objects, declared, stored)
    wrong += check_kernels(objects)
    for sentence in wrong:
        print(sentence)
    print(f"{len(declared)} marked functions, {len(stored)} behind pointers, {walked} walked")
    return 1 if wrong or not declared else 0


if __name__ == "__main__":
    sys.exit(main())
