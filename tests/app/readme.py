"""Runs the commands of a Markdown file as a reader would: readme.py README.md SOURCE BUILD.

Every fenced block marked ```sh is run by `sh -eu`, in order, in a fresh copy of the source tree
with a noisy.wav and a trace.csv in it and the built programs on PATH. A block is left out only
when the line before its fence is a comment that says why:

    <!-- not run: takes an hour -->

Commands that run the tests are left out by themselves, being what runs here already. Lines that
begin with "$ " are the commands of a block with a transcript; its other lines are output.
"""
import math
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import wave


def blocks(text):
    """(line number, script, reason why it is not run or None) of each sh block."""
    found = []
    lines = text.split("\n")
    i = 0
    while i < len(lines):
        if not re.match(r"```\s*(sh|shell|bash|console)\s*$", lines[i]):
            i += 1
            continue
        before = lines[i - 1] if i else ""
        reason = re.match(r"<!--\s*not run:\s*(.+?)\s*-->", before)
        start = i + 1
        i = lines.index("```", start)
        script = lines[start:i]
        if any(line.startswith("$ ") for line in script):
            script = [line[2:] for line in script if line.startswith("$ ")]
        script = [line for line in script if not re.search(r"bootstrap test|meson test", line)]
        found.append((start, "\n".join(script), reason.group(1) if reason else None))
        i += 1
    return found


def make_samples(folder):
    """One second of a tone in noise, as sound and as a table."""
    rng = random.Random(1)
    x = [0.3 * math.sin(i * 0.05) + rng.gauss(0, 0.05) for i in range(16000)]
    with wave.open(folder + "/noisy.wav", "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        out.writeframes(b"".join(struct.pack("<h", int(32767 * max(-1, min(1, v)))) for v in x))
    with open(folder + "/trace.csv", "w", encoding="utf-8") as out:
        out.write("time,value\n")
        out.writelines(f"{i / 1000:.3f},{v:.5f}\n" for i, v in enumerate(x[:4000]))


def main():
    readme, source, build = sys.argv[1:]
    if os.environ.get("SORDINO_IN_README"):
        print("A command of the README runs the README's commands")
        return 1
    with open(readme, encoding="utf-8") as file:
        todo = blocks(file.read())
    if not todo:
        print("The file has no command yet")
        return 77
    environment = dict(os.environ, SORDINO_IN_README="yes")
    environment["PATH"] = f"{build}/offline:{build}/stream:{build}/trainer:{environment['PATH']}"
    with tempfile.TemporaryDirectory() as folder:
        tree = folder + "/sordino"
        skip = shutil.ignore_patterns("build*", "demo", ".git", "__pycache__")
        shutil.copytree(source, tree, ignore=skip)
        make_samples(tree)
        for number, script, reason in todo:
            if reason:
                print(f"line {number}: not run: {reason}")
                continue
            done = subprocess.run(
                ["sh", "-eu", "-c", script],
                cwd=tree, env=environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
            )
            print(f"line {number}: exit {done.returncode}")
            if done.returncode != 0:
                print(script, done.stdout, sep="\n")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
