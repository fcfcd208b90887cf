"""What README's recipe for a noise of one's own gains: one recording of every kind of noise, each with a
model fitted to it, scored beside the model it started from, on the part of the recording that was
held out, with recorded speech that no model was trained with.

    own_noise.py --train SORDINO_TRAIN --noise FOLDER --speech FOLDER [--only KIND,...]
                 [--steps N | --minutes M] [--more "OPTIONS"] --work FOLDER > table.md

Noise files are called KIND_anything; of each kind the first that VALIDATION.txt names is taken (which
built-in models never heard), else the first. Speech is what VALIDATION.txt of its folder names.
--more passes options on to the runs. Every kind leaves WORK/KIND.json; what is there is not done again, so that a run can be
interrupted, done in parts and beside others: nice -n 19. The table is of all that is there.
"""
import argparse
import json
import math
import os
import subprocess
import sys

FIGURES = ("SI-SDR dB", "ESTOI")
ITEMS = 48


def listed(folder):
    path = os.path.join(folder, "VALIDATION.txt")
    if not os.path.exists(path):
        return []
    with open(path) as f:
        return [line.split("\t")[0].strip() for line in f if line.strip()]


def choose(folder):
    """{kind: file name}"""
    kept = set(listed(folder))
    chosen = {}
    for name in sorted(os.listdir(folder)):
        if not name.endswith((".flac", ".wav", ".ogg")):
            continue
        kind = name.split("_")[0]
        if kind not in chosen or (name in kept and chosen[kind] not in kept):
            chosen[kind] = name
    return chosen


def voices(folder, work):
    """A folder of links to the speech, since other files lie beside it."""
    path = os.path.join(work, "voices")
    os.makedirs(path, exist_ok=True)
    for name in listed(folder):
        if not os.path.exists(os.path.join(path, name)):
            os.symlink(os.path.abspath(os.path.join(folder, name)), os.path.join(path, name))
    # One more file keeps the list from holding out all that there is; it is not scored on.
    other = next(n for n in sorted(os.listdir(folder))
                 if n.endswith(".flac") and n not in listed(folder))
    if not os.path.exists(os.path.join(path, other)):
        os.symlink(os.path.abspath(os.path.join(folder, other)), os.path.join(path, other))
    return path


def items(train, model, noise, clean, held, log):
    subprocess.run([train, "--score", model, "--noise", noise, "--clean", clean, "--held-out-list",
                    held, "--rates", "16000", "--validation-items", str(ITEMS), "--log", log,
                    "--force"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(log) as f:
        return [json.loads(line) for line in f]


def measure(options, kind, name):
    at = os.path.join(options.work, kind)
    noise = os.path.join(options.noise, name)
    length = ["--minutes", options.minutes] if options.minutes else ["--steps", options.steps]
    length += options.more.split()
    result = subprocess.run([options.train, *length, "--noise", noise, "--signal", "speech",
                             "--force", "-o", at + ".safetensors"], capture_output=True, text=True)
    if result.returncode not in (0, 3):
        raise RuntimeError(f"{kind}: {result.stderr}")
    model = at + (".safetensors" if result.returncode == 0 else ".rejected.safetensors")
    clean = voices(options.speech, options.work)
    held = os.path.join(options.speech, "VALIDATION.txt")
    start = items(options.train, "speech", noise, clean, held, at + ".start.jsonl")
    own = items(options.train, model, noise, clean, held, at + ".own.jsonl")
    found = {"kind": kind, "file": name, "length": " ".join(length), "written": result.returncode == 0}
    for figure in FIGURES:
        # A mixture with too little speech for a figure has none.
        pairs = [(a, b) for a, b in zip(start, own)
                 if all(who + figure in b for who in ("noisy ", "Wiener ", "model "))
                 and "model " + figure in a]
        found[figure] = {"noisy": [b["noisy " + figure] for _, b in pairs],
                         "Wiener": [b["Wiener " + figure] for _, b in pairs],
                         "start": [a["model " + figure] for a, _ in pairs],
                         "own": [b["model " + figure] for _, b in pairs]}
    for end in (".safetensors", ".rejected.safetensors", ".checkpoint"):
        if os.path.exists(at + end):
            os.remove(at + end)
    with open(at + ".part", "w") as f:
        json.dump(found, f)
    os.replace(at + ".part", at + ".json")


def mean(x):
    return sum(x) / len(x)


def paired(own, other):
    """Mean difference and half its 95 % interval."""
    d = [a - b for a, b in zip(own, other)]
    m = mean(d)
    return m, 1.96 * math.sqrt(sum((x - m) ** 2 for x in d) / (len(d) - 1) / len(d))


def row(found):
    cells = [found["kind"]]
    for figure, form in (("SI-SDR dB", "{:.2f}"), ("ESTOI", "{:.3f}")):
        f = found[figure]
        gain, half = paired(f["own"], f["start"])
        sign = (form + " ± " + form).format(gain, half)
        cells += [form.format(mean(f[who])) for who in ("noisy", "Wiener", "start", "own")]
        cells.append("+" + sign if gain >= 0 else sign.replace("-", "−", 1))
    cells.append("" if found["written"] else "kept aside")
    return "| " + " | ".join(cells) + " |"


def table(results):
    print("| noise | noisy | Wiener | start | own | SI-SDR gain | noisy | Wiener | start | own "
          "| ESTOI gain | |")
    print("|" + "---|" * 12)
    for found in results:
        print(row(found))
    better = [all(paired(f[g]["own"], f[g]["start"])[0] > 0 and
                  paired(f[g]["own"], f[g]["Wiener"])[0] > 0 for g in FIGURES) for f in results]
    gains = {g: mean([paired(f[g]["own"], f[g]["start"])[0] for f in results]) for g in FIGURES}
    print(f"\n{sum(better)} of {len(results)} beat start model and Wiener filter in both means; mean gain "
          f"{gains['SI-SDR dB']:+.2f} dB SI-SDR, {gains['ESTOI']:+.3f} ESTOI "
          f"({results[0]['length']}).")


def main():
    parser = argparse.ArgumentParser()
    for name in ("train", "noise", "speech", "work"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--steps", default="100")
    parser.add_argument("--minutes", default="")
    parser.add_argument("--more", default="")
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)
    chosen = choose(options.noise)
    wanted = [k for k in options.only.split(",") if k] or sorted(chosen)
    for kind in wanted:
        if not os.path.exists(os.path.join(options.work, kind + ".json")):
            print(f"{kind}: {chosen[kind]}", file=sys.stderr)
            measure(options, kind, chosen[kind])
    results = []
    for kind in sorted(chosen):
        path = os.path.join(options.work, kind + ".json")
        if os.path.exists(path):
            with open(path) as f:
                results.append(json.load(f))
    if results:
        table(results)
    missing = [k for k in sorted(chosen) if k not in {r["kind"] for r in results}]
    if missing:
        print(f"\nNot measured yet: {', '.join(missing)}.")


if __name__ == "__main__":
    main()
