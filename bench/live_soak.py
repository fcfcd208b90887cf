#!/usr/bin/env python3
"""An hour of sordino-live in one run: on a JACK server without hardware, in blocks of 64 frames, with
both recordings on and bursts of load on disk and processor beside it.

    bench/live_soak.py BUILD [--minutes M] [--sound FILE] [--realtime] [--folder FOLDER]

BUILD is a build folder with -Dbench=enabled and tests; FILE a noisy recording that is played over and
over (a made-up one otherwise). Prints memory over time and at the end whether

- frames in = frames recorded + frames counted as lost, in both recordings,
- resident memory stayed flat,
- the thread that runs the callback asked nothing of the allocator,
- the clean recording is, sample for sample, what sordino makes of the raw one.

Ends with 1 when one of these does not hold. Wants jackd, ffmpeg with --sound, and some free disk: 35 MB
a minute.
"""
import argparse
import array
import json
import math
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time

GROWTH = 1024  # KiB that resident memory may grow after the first tenth: pages of the recorders
EVERY = 30     # s, between bursts
LATE = 4800    # frames that may run through between the last status and the end
HOST = ["-m", "speech", "--limit", "20"]


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=os.path.abspath)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--sound", type=os.path.abspath)
    parser.add_argument("--realtime", action="store_true", help="let JACK have real-time priority")
    parser.add_argument("--folder", help="where the recordings are for the time")
    return parser.parse_args()


def write_sound(path, sound):
    """Floats at 48 kHz."""
    if sound:
        subprocess.run(["ffmpeg", "-v", "error", "-i", sound, "-ac", "1", "-ar", "48000", "-f", "f32le",
                        path], check=True, stdin=subprocess.DEVNULL)
        return
    draw = random.Random(1)
    x = array.array("f", (
        0.2 * math.sin(2 * math.pi * 220 * t / 48000) * (math.sin(6.3 * t / 48000) > 0) +
        draw.gauss(0, 0.02) for t in range(480000)))
    with open(path, "wb") as file:
        x.tofile(file)


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def switches(pid):
    """How often each thread has waited: the callback's waits for each block."""
    found = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as file:
            found[int(thread)] = next(int(line.split()[1]) for line in file
                                      if line.startswith("voluntary"))
    return found


def allocations(path):
    with open(path, "rb") as file:
        return dict(pair for pair in struct.iter_unpack("<QQ", file.read()) if pair[0])


def burst(folder):
    """Ten seconds of a busy processor, and 200 MB to the disk."""
    return [subprocess.Popen(["timeout", "10", "sh", "-c", "while :; do :; done"]),
            subprocess.Popen(["dd", "if=/dev/zero", f"of={folder}/burst", "bs=1M", "count=200",
                              "conv=fsync"], stderr=subprocess.DEVNULL)]


class Watch:
    """What is seen of the process while it runs."""

    def __init__(self, pid, counts):
        self.pid, self.counts = pid, counts
        self.first_memory = self.last_memory = 0
        self.first_calls, self.callback_calls, self.n_blocks = None, None, 0

    def look(self, settled):
        try:
            memory, waited, calls = resident(self.pid), switches(self.pid), allocations(self.counts)
        except OSError:
            return  # it has ended
        self.last_memory = memory
        if settled and not self.first_memory:
            self.first_memory, self.first_calls, self.first_waited = memory, calls, waited
        if self.first_calls is not None:
            thread = max(waited, key=lambda t: waited[t] - self.first_waited.get(t, 0))
            self.n_blocks = waited[thread] - self.first_waited.get(thread, 0)
            self.callback_calls = calls.get(thread, 0) - self.first_calls.get(thread, 0)


def follow(live, watch, minutes, folder):
    """Until it ends. Returns its last status and its other events."""
    begin, shown, beside, status, events = time.monotonic(), 0, [], None, []
    for line in live.stdout:
        event = json.loads(line)
        if event["event"] != "status":
            events.append(event)
            continue
        status, passed = event, time.monotonic() - begin
        if passed < 60 * minutes - 2:
            watch.look(passed > 6 * minutes)
        if passed - shown >= EVERY:
            shown = passed
            beside = burst(folder)
            print(f"{passed:7.0f} s  {watch.last_memory} KiB  {status['frames']} frames  xruns "
                  f"{status['xruns']}  load {100 * status['load']:.1f} %  worst block "
                  f"{100 * status['worst']:.0f} %", flush=True)
    for process in beside:
        process.wait()
    return status, events


def soak(options, folder):
    name = f"sordino-soak-{os.getpid()}"
    env = dict(os.environ, JACK_DEFAULT_SERVER=name, JACK_NO_AUDIO_RESERVATION="1")
    jackd = subprocess.Popen(["jackd", "-n", name, "-R" if options.realtime else "-r", "-d", "dummy", "-r", "48000", "-p", "64",
                              "-C", "1", "-P", "1"], env=env, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    probe = None
    try:
        time.sleep(3)
        write_sound(f"{folder}/sound", options.sound)
        probe = subprocess.Popen([f"{options.build}/tests/jack-probe", f"{folder}/sound", "-"], env=env,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        probe.stdout.readline()
        counted = dict(env, LD_PRELOAD=f"{options.build}/bench/liblive-allocations.so",
                       SORDINO_ALLOCATIONS=f"{folder}/counts")
        live = subprocess.Popen(
            [f"{options.build}/stream/sordino-live", "--json", "--input", "src", "--output", "dst",
             *HOST, "--seconds", str(60 * options.minutes), "--record-raw", f"{folder}/raw.wav",
             "--record-clean", f"{folder}/clean.wav"], env=counted, stdout=subprocess.PIPE, text=True)
        watch = Watch(live.pid, f"{folder}/counts")
        status, events = follow(live, watch, options.minutes, folder)
        return live.wait(), status, events, watch
    finally:
        if probe:
            probe.stdin.close()
            probe.wait()
        jackd.send_signal(signal.SIGTERM)
        jackd.wait()


def samples_at(file):
    """Where a WAV file's samples begin."""
    head = file.read(4096)
    return head.index(b"data") + 8


def is_the_cores(options, folder, delay):
    """Seconds of the clean recording that are equal to sordino's of the raw one; None: not all."""
    subprocess.run([f"{options.build}/offline/sordino", "-q", *HOST, f"{folder}/raw.wav",
                    f"{folder}/core.wav"], check=True)
    with open(f"{folder}/clean.wav", "rb") as clean, open(f"{folder}/core.wav", "rb") as core:
        clean.seek(samples_at(clean) + 4 * delay)
        core.seek(samples_at(core))
        n = 0
        while True:
            a = clean.read(1 << 20)
            if not a:
                return n / 4 / 48000
            if core.read(len(a)) != a:
                return None
            n += len(a)


def main():
    options = parse()
    with tempfile.TemporaryDirectory(prefix="sordino-soak-", dir=options.folder) as folder:
        code, status, events, watch = soak(options, folder)
        good = code == 0
        recorded = [[int(word) for word in event["text"].split() if word.isdigit()]
                    for event in events if event["event"] == "record"]
        good = good and len(recorded) == 2
        for (pushed, lost), name in zip(recorded, ("raw", "clean")):
            with open(f"{folder}/{name}.wav", "rb") as file:
                held = (os.path.getsize(file.name) - samples_at(file)) // 4
            good = good and held == pushed and 0 <= pushed - status["frames"] <= LATE
            print(f"{name}: {status['frames']} frames through the callback, {pushed} to the recording, "
                  f"{lost} counted as lost, {held} in the file")
        equal = is_the_cores(options, folder, status["latency_samples"])
        print("clean recording: " + ("NOT what sordino makes of the raw one" if equal is None else
                                     f"equal to sordino's of the raw one over {equal:.1f} s"))
        good = good and equal is not None
    print(f"callback's thread: {watch.callback_calls} calls of the allocator in {watch.n_blocks} waits")
    good = good and watch.callback_calls == 0 and watch.n_blocks > 0
    good = good and watch.last_memory - watch.first_memory <= GROWTH
    print(f"memory {watch.first_memory} -> {watch.last_memory} KiB, xruns {status['xruns']}, mean load "
          f"{100 * status['load']:.1f} %, worst block {100 * status['worst']:.0f} %: "
          f"{'good' if good else 'NOT good'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
