"""Samples a second of sordino-live on standard input, and how long a line waits for its answer.

    live_stdin.py SORDINO-LIVE [MODEL...]

Samples for each second of processor time, the best of three runs over the same noise; start and
model are included. The last column is the median, and the worst of 100, of the time from a line written
to a line read, of two thousand lines one after the other: what the pipes and the scheduler take is
part of it. `cat` stands beside it.
"""
import os
import random
import struct
import subprocess
import sys
import tempfile
import time

LIVE, MODELS = os.path.abspath(sys.argv[1]), sys.argv[2:]
N = 400000


def command(form, model, rate):
    return [LIVE, "--stdin", "--raw", form, "--rate", str(rate), "--model", model]


def seconds(arguments, path):
    """Processor time, user's and system's."""
    best = float("inf")
    for _ in range(3):
        with open(path, "rb") as file, open(os.devnull, "wb") as null:
            process = subprocess.Popen(arguments, stdin=file, stdout=null)
            _, status, used = os.wait4(process.pid, 0)
            assert status == 0, arguments
            best = min(best, used.ru_utime + used.ru_stime)
    return best


def waits(arguments):
    """Microseconds from a line to its answer, sorted; None when lines are held back."""
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          bufsize=0) as process:
        took = []
        for i in range(2000):
            start = time.perf_counter()
            process.stdin.write(b"%d.5\n" % (i % 7))
            process.stdout.readline()
            took.append(1e6 * (time.perf_counter() - start))
        process.stdin.close()
    return sorted(took[100:])


def main():
    noise = random.Random(1)
    values = [noise.gauss(0, 1) for _ in range(20000)]
    with tempfile.TemporaryDirectory() as folder:
        data = {"text": "".join("%.4f\n" % v for v in values).encode(),
                "f32le": struct.pack("<20000f", *values),
                "f64le": struct.pack("<20000d", *values),
                "s16le": struct.pack("<20000h", *(round(6000 * v) for v in values))}
        for form, part in data.items():
            with open(os.path.join(folder, form), "wb") as file:
                for _ in range(N // 20000):
                    file.write(part)
        print(f"{'model':28} {'format':7} {'MHz':>7}  us from line to line (worst of 100)")
        print(f"{'cat':28} {'text':7} {N / seconds(['cat'], os.path.join(folder, 'text')) / 1e6:7.2f}"
              "  %.0f (%.0f)" % (lambda w: (w[len(w) // 2], w[-len(w) // 100]))(waits(["cat"])))
        for model in ["wiener", "kalman", "predictor", *MODELS]:
            rate = 48000 if model == "wiener" else 1000
            for form in data:
                took = seconds(command(form, model, rate), os.path.join(folder, form))
                line = f"{os.path.basename(model):28} {form:7} {N / took / 1e6:7.2f}"
                if form == "text" and model != "wiener":
                    w = waits(command(form, model, rate))
                    line += f"  {w[len(w) // 2]:.0f} ({w[-len(w) // 100]:.0f})"
                print(line, flush=True)


if __name__ == "__main__":
    main()
