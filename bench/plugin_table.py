"""The table of docs/plugin.md: what the plugins cost, beside others on LV2_PATH that are named.

    LV2_PATH=FOLDER plugin_table.py BENCH_PLUGIN [URI=NAME ...]

BENCH_PLUGIN is the program of bench_plugin.c; FOLDER holds sordino.lv2 as it is installed and the
others' bundles. Figures in brackets are ratios to the first URI, or to Sordino Mono without one.
"""
import re
import subprocess
import sys

BLOCKS = ("32", "64", "128", "1024")
MAKE = r"to make one: ([\d.]+) ms, ([\d.]+) MiB; the first: ([\d.]+) ms, ([\d.]+) MiB"
PLAYED = r"blocks of +(\d+): ([\d.]+) s .*longest block ([\d.]+) %"
INPUTS = ("silence", "square", "nan", "denormal")


def measure(bench, uri, *options):
    """{"make": ..., block: (load, longest block in %)}."""
    said = subprocess.run([bench, "-s", "5", *options, uri], check=True, stdout=subprocess.PIPE,
                          encoding="utf-8").stdout
    found = {block: (float(load), float(longest))
             for block, load, longest in re.findall(PLAYED, said)}
    found["make"] = [float(value) for value in re.search(MAKE, said).groups()]
    return found


def number(value, digits=4):
    return ("%.*f" % (digits, value)).lstrip("0")


def row(name, found, base):
    ms, mib, first_ms, first_mib = found["make"]
    cells = ["%.1f ms, %.1f MiB" % (first_ms, first_mib), "%.2g ms, %.2g MiB" % (ms, mib)]
    for b in BLOCKS:
        load, longest = found[b]
        ratio = "1" if found is base else number(load / base[b][0], 2)
        cells.append("%s (%s), %.0f %%" % (number(load), ratio, longest))
    return "| %s | %s |" % (name, " | ".join(cells))


def main(bench, *others):
    others = [other.rsplit("=", 1) for other in others]
    kinds = [("urn:sordino:mono", "Sordino Mono, Network", ()),
             ("urn:sordino:stereo", "Sordino Stereo, Network", ()),
             ("urn:sordino:mono", "Sordino Mono, Wiener Filter", ("-c", "method=1"))]
    kinds += [(uri, name, ()) for uri, name in others]
    found = [measure(bench, uri, *options) for uri, _, options in kinds]
    base = found[3 if others else 0]
    print("| | the first | each more | %s |"
          % " | ".join("%s samples, longest" % b if b == "32" else b + ", longest" for b in BLOCKS))
    print("|---" * (3 + len(BLOCKS)) + "|")
    for (_, name, _), figures in zip(kinds, found):
        print(row(name, figures, base))
    print()
    for (uri, name, options), figures in list(zip(kinds, found))[:3]:
        loads = ["%s %s" % (kind, number(measure(bench, uri, "-i", kind, *options)["1024"][0]))
                 for kind in INPUTS]
        print("%s: %s for a voice in noise (blocks of 1024); %s"
              % (name, number(figures["1024"][0]), ", ".join(loads)))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
