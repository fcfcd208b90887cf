"""Runs the commands of a Markdown file as a reader would: readme.py README.md SOURCE BUILD.

Every fenced block marked ```sh is run by `sh -eu`, in order, in a fresh copy of the source tree
with an original.wav, a noisy.wav and a trace.csv in it and the built programs on PATH. A block is
left out only when the line before its fence is a comment that says why:

    <!-- not run: takes an hour -->

Commands that run the tests are left out by themselves, being what runs here already. Lines that
begin with "$ " are the commands of a block with a transcript; its other lines are output, and must be
what the commands print. What sordino writes must be as long as what it read, what it takes away must
be what is missing, and what sordino-eval compares must be named in its order and be an improvement.
"""
import math
import os
import random
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import wave


VALUED = ["--limit", "--learn-noise", "--lag", "--plot", "-j", "-m", "-d"]  # options with a value
ROUNDING = 2  # steps of 16 bits


class Wrong(Exception):
    """A command did not do what README says."""


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


def transcript(text, start):
    """The output that the block at line `start` shows, or None where it shows none."""
    lines = text.split("\n")[start:]
    lines = lines[:lines.index("```")]
    if not any(line.startswith("$ ") for line in lines):
        return None
    return "\n".join(line for line in lines if not line.startswith("$ "))


def voice(t):
    """Something like a voice at 16 kHz: glides that come and go."""
    phase = t * 0.055 + 5 * math.sin(t * 0.0001)
    return 0.1 * max(0.0, math.sin(t * 0.0005)) * sum(math.sin(k * phase) / k for k in range(1, 6))


def write_wav(path, x):
    with wave.open(path, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        out.writeframes(b"".join(struct.pack("<h", int(32767 * max(-1, min(1, v)))) for v in x))


def make_samples(folder):
    """Two seconds of sound, the same in noise, and a trace as a table."""
    rng = random.Random(1)
    x = [voice(t) for t in range(32000)]
    write_wav(folder + "/original.wav", x)
    write_wav(folder + "/noisy.wav", [v + rng.gauss(0, 0.02) for v in x])
    with open(folder + "/trace.csv", "w", encoding="utf-8") as out:
        out.write("time,value\n")
        out.writelines(f"{i / 1000:.3f},{math.sin(i * 0.01) + rng.gauss(0, 0.1):.5f}\n"
                       for i in range(4000))


# ---- what was printed and written

def samples(path):
    with wave.open(path) as file:
        return struct.unpack("<%dh" % file.getnframes(), file.readframes(file.getnframes()))


def operands(words):
    """(inputs, outputs) of a command line of sordino."""
    named, folder, i = [], None, 1
    while i < len(words):
        if words[i] in VALUED:
            folder = words[i + 1] if words[i] == "-d" else folder
            i += 1
        elif not re.match(r"-.", words[i]):
            named.append(words[i])
        i += 1
    if folder:
        return named, [folder + "/" + os.path.basename(name) for name in named]
    return named[:1], named[1:2]


def check_written(tree, words):
    for source, written in zip(*operands(words)):
        if "-" in (source, written):
            continue
        if source.endswith(".wav"):
            a, b = samples(tree + "/" + source), samples(tree + "/" + written)
            if len(a) != len(b):
                raise Wrong(f"{written} has {len(b)} samples, {source} {len(a)}")
            if a == b:
                raise Wrong(f"{written} is what {source} is")
        else:
            with open(tree + "/" + source, encoding="utf-8") as one, \
                    open(tree + "/" + written, encoding="utf-8") as two:
                a, b = ([line.split(",")[0] for line in file] for file in (one, two))
            if a != b:
                raise Wrong(f"{written} does not have the first column of {source}")


def check_delta(tree, words):
    """What is taken away and what is left make the whole."""
    (source,), (removed,) = operands(words)
    left = subprocess.run(["sordino", source, "-"], cwd=tree, check=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE).stdout
    data = left.index(b"data") + 8
    kept = struct.unpack("<%dh" % ((len(left) - data) // 2), left[data:])
    for a, b, c in zip(samples(tree + "/" + source), kept, samples(tree + "/" + removed)):
        if abs(a - b - c) > ROUNDING:
            raise Wrong(f"{removed} is not what is missing")


def si_sdr(tree, clean, other):
    said = subprocess.run(["sordino-eval", "--csv", "-", clean, other], cwd=tree, check=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout
    rows = [line.split(",") for line in said.splitlines()]
    return float(rows[1][rows[0].index("si_sdr")])


def check_eval(tree, words, output):
    if "swapped" in output:
        raise Wrong(output)
    clean, processed = words[-2:]
    noisy, denoised = si_sdr(tree, clean, "noisy.wav"), si_sdr(tree, clean, processed)
    print(f"SI-SDR {noisy} dB before, {denoised} dB after")
    if denoised < noisy + 1:
        raise Wrong("README measures no improvement")
    if "%.2f" % denoised not in output:
        raise Wrong("sordino-eval's table says something else:\n" + output)


def check(tree, script, output):
    """Looks at what a block's commands, run one after the other, have left and said."""
    for line in script.split("\n"):
        words = shlex.split(line, comments=True)
        if not words or {"|", ">", "<", "&&"} & set(words):
            continue
        if words[0] == "sordino" and not {"-m", "-h", "--help"} & set(words):
            check_written(tree, words)
            if "--delta" in words:
                check_delta(tree, words)
        elif words[0] == "sordino-eval":
            check_eval(tree, words, output)


def run_block(tree, number, script, expected):
    done = subprocess.run(["sh", "-eu", "-c", script], cwd=tree, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    print(f"line {number}: exit {done.returncode}")
    if done.returncode != 0:
        raise Wrong(script + "\n" + done.stdout)
    if expected is not None and done.stdout.strip() != expected.strip():
        raise Wrong(f"{script}\nprinted:\n{done.stdout}README says:\n{expected}")
    check(tree, script, done.stdout)


def main():
    readme, source, build = sys.argv[1:]
    if os.environ.get("SORDINO_IN_README"):
        print("A command of the README runs the README's commands")
        return 1
    with open(readme, encoding="utf-8") as file:
        text = file.read()
    if not blocks(text):
        print("The file has no command yet")
        return 77
    os.environ["SORDINO_IN_README"] = "yes"
    os.environ["PATH"] = f"{build}/offline:{build}/stream:{build}/trainer:{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as folder:
        tree = folder + "/sordino"
        skip = shutil.ignore_patterns("build*", "demo", ".git", "__pycache__")
        shutil.copytree(source, tree, ignore=skip)
        make_samples(tree)
        for number, script, reason in blocks(text):
            if reason:
                print(f"line {number}: not run: {reason}")
                continue
            try:
                run_block(tree, number, script, transcript(text, number))
            except Wrong as wrong:
                print(wrong)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
