#!/usr/bin/env python3
"""Hours of sordino-live in one run: on a JACK server without hardware, in blocks of 64 frames, with
both recordings on and bursts of load on disk and processor beside it.

    bench/live_soak.py SORDINO_LIVE [MINUTES]

Prints memory over time and, at the end, whether frames in = frames recorded + frames counted as
lost, and whether memory stayed flat. Ends with 1 when not. Wants jackd and some free disk: 23 MB a
minute.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

LIVE, MINUTES = os.path.abspath(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 60.0
GROWTH = 1024  # KiB that resident memory may grow after the first tenth: pages of the recorders


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def burst(folder):
    """Ten seconds of a busy processor, and 200 MB to the disk."""
    return [subprocess.Popen(["timeout", "10", "sh", "-c", "while :; do :; done"]),
            subprocess.Popen(["dd", "if=/dev/zero", f"of={folder}/burst", "bs=1M", "count=200",
                              "conv=fsync"], stderr=subprocess.DEVNULL)]


def soak(folder):
    name = f"sordino-soak-{os.getpid()}"
    env = dict(os.environ, JACK_DEFAULT_SERVER=name, JACK_NO_AUDIO_RESERVATION="1")
    jackd = subprocess.Popen(["jackd", "-n", name, "-r", "-d", "dummy", "-r", "48000", "-p", "64",
                              "-C", "1", "-P", "1"], env=env, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    try:
        time.sleep(3)
        live = subprocess.Popen(
            [LIVE, "--json", "--input", "system", "--output", "system", "--seconds",
             str(60 * MINUTES), "--record-raw", f"{folder}/raw.wav", "--record-clean",
             f"{folder}/clean.wav"], env=env, stdout=subprocess.PIPE, text=True)
        begin, shown, beside, first, last, events = time.monotonic(), 0, [], 0, 0, []
        for line in live.stdout:
            event = json.loads(line)
            events.append(event) if event["event"] != "status" else None
            if event["event"] != "status":
                continue
            status, passed = event, time.monotonic() - begin
            if live.poll() is None and passed < 60 * MINUTES - 2:
                last = resident(live.pid)
            if first == 0 and passed > 6 * MINUTES:
                first = last
            if passed - shown >= 30:
                shown = passed
                beside = burst(folder)
                print(f"{passed:7.0f} s  {last} KiB  {status['frames']} frames  xruns "
                      f"{status['xruns']}  worst block {100 * status['worst']:.0f} %", flush=True)
        for process in beside:
            process.wait()
        return live.wait(), status, events, first, last
    finally:
        jackd.send_signal(signal.SIGTERM)
        jackd.wait()


def main():
    with tempfile.TemporaryDirectory(prefix="sordino-soak-") as folder:
        code, status, events, first, last = soak(folder)
        recorded = []
        for event in events:
            if event["event"] == "record":
                pushed, lost = (int(word) for word in event["text"].split() if word.isdigit())
                recorded.append((pushed, lost))
        sizes = [os.path.getsize(f"{folder}/{name}.wav") for name in ("raw", "clean")]
    good = code == 0 and len(recorded) == 2 and last - first <= GROWTH
    for (pushed, lost), size in zip(recorded, sizes):
        held = size // 4  # floats, and a header of less than a block
        good = good and lost == 0 and 0 <= held - pushed < 64
        print(f"frames in {pushed}, lost {lost}, in the file {pushed - lost} and a header of "
              f"{size - 4 * (pushed - lost)} bytes")
    good = good and len({pushed for pushed, _ in recorded}) == 1
    print(f"memory {first} -> {last} KiB, xruns {status['xruns']}, mean load "
          f"{100 * status['load']:.1f} %, worst block {100 * status['worst']:.0f} %: "
          f"{'good' if good else 'NOT good'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
