"""What the tests of sordino-live share: JACK servers without hardware, each under a name of its own,
and a microphone and a loudspeaker at them.

The programs are the first three arguments: SORDINO_LIVE SORDINO JACK_PROBE [DATA].
"""
import array
import atexit
import json
import math
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, by children too

LIVE, SORDINO, PROBE = (os.path.abspath(path) for path in sys.argv[1:4])
DATA = sys.argv[4] if len(sys.argv) > 4 else "-"  # a folder with recordings in speech/ and noise/
SEED = int(os.environ.get("SORDINO_TEST_SEED", "1"))
N_SERVERS = 0
PATIENCE = 60  # s: for anything at all; nothing here is a matter of speed


class Server:
    """jackd with its dummy driver, waiting for clients in each period (-S), for `patience` ms at
    most; twenty times that when it ends and a client has died."""

    def __init__(self, period=256, rate=48000, name=None, patience=2000):
        global N_SERVERS
        N_SERVERS += 1
        self.name = name or f"sordino-test-{os.getpid()}-{N_SERVERS}"
        self.env = dict(os.environ, JACK_DEFAULT_SERVER=self.name, JACK_NO_AUDIO_RESERVATION="1")
        self.command = ["jackd", "-S", "-n", self.name, "-r", "-t", str(patience),
                        "-d", "dummy", "-r", str(rate), "-p", str(period), "-C", "1", "-P", "1"]
        self.begin()
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self.process.poll() is not None:  # JACK has room for eight servers, others' among them
                self.stop()
                time.sleep(1)
                self.begin()
            try:
                found = subprocess.run(["jack_lsp"], env=self.env, capture_output=True, text=True,
                                       stdin=subprocess.DEVNULL, timeout=10)
            except subprocess.TimeoutExpired:
                continue
            if "system:capture_1" in found.stdout:
                return
            time.sleep(0.2)
        self.stop(signal.SIGKILL)
        raise RuntimeError("jackd did not start: " + self.said)

    def begin(self):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(self.command, env=self.env, stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)
        atexit.register(self.process.kill)  # when a test fails half-way; nothing once it has ended

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(PATIENCE)
        self.log.seek(0)
        self.said = self.log.read().decode(errors="replace")
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.log.closed:
            self.stop()


def with_output(options):
    """An output where none is named: a microphone is not played to just any loudspeaker."""
    named = {"--output", "--output-file", "--record-noise", "--virtual-mic", "--virtual-speaker",
             "--print-systemd-unit"}
    return [*options, "--output", "default"] if "--input" in options and not named & set(options) else options


def run(*options, env=None):
    return subprocess.run([LIVE, *with_output(options)], env=env, capture_output=True, text=True,
                          timeout=PATIENCE, stdin=subprocess.DEVNULL)


def start(*options, env=None):
    return subprocess.Popen([LIVE, "--json", *with_output(options)], env=env, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)


def wait_for(process, event):
    """The first event of that name."""
    for line in process.stdout:
        found = json.loads(line)
        if found["event"] == event:
            return found
    raise AssertionError(f"ended without {event}: {process.stderr.read()}")


def end(process, how=signal.SIGTERM):
    process.send_signal(how)
    out, errors = process.communicate(timeout=PATIENCE)
    return [json.loads(line) for line in out.splitlines()], errors


def port_latencies(server, port):
    """Of a port, as the server knows them: capture (least, most), playback (least, most)."""
    said = subprocess.run(["jack_lsp", "-l", port], env=server.env, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=PATIENCE).stdout
    found = re.findall(r"port (capture|playback) latency = \[ (\d+) (\d+) \]", said)
    return tuple(next((int(a), int(b)) for k, a, b in found if k == kind)
                 for kind in ("capture", "playback"))


def samples(path):
    """Floats of a WAV file, as bytes."""
    with open(path, "rb") as file:
        data = file.read()
    at = data.index(b"data")
    size = int.from_bytes(data[at + 4:at + 8], "little")
    return data[at + 8:at + 8 + size]


def noisy_tone(seconds, rate=48000):
    """A tone that comes and goes, in noise; the first sample is not zero."""
    draw = random.Random(SEED)
    x = array.array("f", (
        0.2 * math.sin(2 * math.pi * 440 * t / rate) * (math.sin(2 * math.pi * t / rate) > 0) +
        draw.gauss(0, 0.02) for t in range(int(seconds * rate))))
    x[0] = 0.5
    return x


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sordino-live-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, x):
        with open(self.path(name), "wb") as file:
            x.tofile(file)

    def start_probe(self, server, sent="-"):
        probe = subprocess.Popen([PROBE, sent, self.path("received.f32")], env=server.env, text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.assertEqual(probe.stdout.readline(), "ready\n")
        return probe

    def play(self, server, *options, seconds=2.0, recording="noisy.f32"):
        """Sends through sordino-live; (raw, clean, sent, received as bytes, latency event)."""
        if not os.path.exists(self.path(recording)):
            self.write(recording, noisy_tone(seconds))
        probe = self.start_probe(server, self.path(recording))
        live = start("--input", "src", "--output", "dst", "--record-raw", self.path("raw.wav"),
                     "--record-clean", self.path("clean.wav"), "--force", *options, env=server.env)
        latency = wait_for(live, "latency")
        self.assertEqual(probe.stdout.readline(), "connected\n")
        self.assertIn("period", probe.stdout.readline())
        probe.communicate(timeout=PATIENCE)
        events, errors = end(live)
        self.assertEqual(errors, "")
        self.assertEqual(live.returncode, 0)
        for event in events:
            if event["event"] == "record":
                self.assertIn(" 0 lost", event["text"])
        with open(self.path(recording), "rb") as file:
            sent = file.read()
        with open(self.path("received.f32"), "rb") as file:
            received = file.read()
        return samples(self.path("raw.wav")), samples(self.path("clean.wav")), sent, received, latency


def main():
    print(f"SORDINO_TEST_SEED={SEED}", flush=True)
    if not shutil.which("jackd") or not shutil.which("jack_lsp"):
        print("jackd is not installed")
        sys.exit(77)
    # This machine's own sound cards and servers are left alone.
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as alsa:
        alsa.write("pcm.!default { type null }\n")
        alsa.flush()
        os.environ["ALSA_CONFIG_PATH"] = alsa.name
        unittest.main(module="__main__", argv=sys.argv[:1] + sys.argv[5:], verbosity=2)
