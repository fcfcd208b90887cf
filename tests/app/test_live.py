"""sordino-live on JACK servers without hardware, each started here under a name of its own.

    test_live.py SORDINO_LIVE SORDINO JACK_PROBE
"""
import array
import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, by children too

LIVE, SORDINO, PROBE = (os.path.abspath(path) for path in sys.argv[1:4])
SEED = int(os.environ.get("SORDINO_TEST_SEED", "1"))
N_SERVERS = 0
PATIENCE = 60  # s: for anything at all; nothing here is a matter of speed


class Server:
    """jackd with its dummy driver, waiting for clients in each period (-S)."""

    def __init__(self, period=256, rate=48000, name=None):
        global N_SERVERS
        N_SERVERS += 1
        self.name = name or f"sordino-test-{os.getpid()}-{N_SERVERS}"
        self.env = dict(os.environ, JACK_DEFAULT_SERVER=self.name, JACK_NO_AUDIO_RESERVATION="1")
        self.command = ["jackd", "-S", "-n", self.name, "-r", "-t", "2000", "-d", "dummy", "-r",
                        str(rate), "-p", str(period), "-C", "1", "-P", "1"]
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


def run(*options, env=None):
    return subprocess.run([LIVE, *options], env=env, capture_output=True, text=True,
                          timeout=PATIENCE, stdin=subprocess.DEVNULL)


def start(*options, env=None):
    return subprocess.Popen([LIVE, "--json", *options], env=env, text=True, stdout=subprocess.PIPE,
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


class Streams(Case):
    def check_core(self, raw, clean, latency):
        """What went out is what sordino makes of what came in."""
        done = subprocess.run([SORDINO, "-f", "-m", "wiener", self.path("raw.wav"),
                               self.path("core.wav")], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        core, delay = samples(self.path("core.wav")), 4 * int(latency["text"].split()[0])
        self.assertEqual(len(raw), len(clean))
        self.assertGreater(len(clean), delay)
        self.assertEqual(clean[delay:], core[:len(clean) - delay])

    def check_blocks(self, period):
        with Server(period) as server:
            raw, clean, sent, received, latency = self.play(server, "-m", "wiener", "--limit", "120")
            self.check_core(raw, clean, latency)
            at = next(i for i in range(0, len(raw), 4) if raw[i:i + 4] != b"\0\0\0\0")
            self.assertEqual(raw[at:at + len(sent)], sent)
            self.assertEqual(clean[at:at + len(received)], received)

            # Passed through, what comes back is what was sent, so much later as was told.
            _, _, sent, received, latency = self.play(server, "-m", "wiener", "--mix", "0")
            self.assertIn(" 0.0 ms in the device", latency["text"])
            delay = 4 * int(latency["text"].split()[0])
            self.assertEqual(received[:delay], bytes(delay))
            self.assertEqual(received[delay:], sent[:len(sent) - delay])

    def test_blocks_of_64_give_what_the_core_gives(self):
        self.check_blocks(64)

    def test_blocks_of_480_give_what_the_core_gives(self):
        self.check_blocks(480)

    def test_blocks_of_1000_give_what_the_core_gives(self):
        self.check_blocks(1000)

    def test_blocks_of_1024_give_what_the_core_gives(self):
        self.check_blocks(1024)

    def test_any_wish_for_a_block_is_served_by_the_servers(self):
        with Server() as server:
            for block in ("0", "64", "1000"):
                raw, clean, sent, received, latency = self.play(
                    server, "-m", "wiener", "--limit", "120", "--block", block, seconds=1)
                self.check_core(raw, clean, latency)


class Devices(Case):
    def test_no_server_is_told_in_one_line(self):
        env = dict(os.environ, JACK_DEFAULT_SERVER=f"nobody-{os.getpid()}")
        done = run("--input", "JACK", env=env)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertRegex(done.stderr, "^sordino-live: audio: .*--(list|stdin)")

    def test_a_configuration_without_devices_is_told_in_one_line(self):
        self.write("asound.conf", array.array("f"))
        done = run("--list", env=dict(os.environ, JACK_DEFAULT_SERVER=f"nobody-{os.getpid()}",
                                      ALSA_CONFIG_PATH=self.path("asound.conf")))
        self.assertLessEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertRegex(done.stderr, "^sordino-live: audio: ")

    def test_devices_are_listed_and_told_apart(self):
        with Server() as server:
            probe = self.start_probe(server)
            text = run("--list", env=server.env)
            self.assertEqual((text.returncode, text.stderr), (0, ""))
            self.assertIn("JACK Audio Connection Kit\n", text.stdout)
            devices = json.loads(run("--list", "--json", env=server.env).stdout)
            by_name = {d["name"]: d for d in devices}
            self.assertEqual(by_name["system"]["inputs"], 1)
            self.assertEqual(by_name["src"]["rate"], 48000)

            several = run("--input", "kit: s", "--output", "dst", env=server.env)
            self.assertEqual(several.returncode, 1)
            self.assertIn("'kit: s' fits 2 devices:\n    JACK Audio Connection Kit: s", several.stderr)
            missing = run("--input", "nobody", env=server.env)
            self.assertEqual(missing.returncode, 1)
            self.assertIn("no input is called 'nobody'; see --list", missing.stderr)
            wrong = run("--input", "system", "--rate", "44100", env=server.env)
            self.assertEqual(wrong.returncode, 1)
            self.assertIn("does not run at 44100 Hz; leave --rate out", wrong.stderr)
            many = run("--input", "system", "--channels", "3", env=server.env)
            self.assertEqual(many.returncode, 1)
            self.assertIn("has 1 channels, not 3", many.stderr)
            probe.communicate("", timeout=PATIENCE)

    def check_comes_back(self, how):
        server = Server()
        live = start("--input", "system", "--output", "system", "--limit", "7", "--record-clean",
                     self.path("clean.wav"), env=server.env)
        wait_for(live, "status")
        server.stop(how)
        self.assertIn("was lost", wait_for(live, "lost")["text"])
        with Server(name=server.name):
            wait_for(live, "reopened")
            status = wait_for(live, "status")
            self.assertEqual((status["limit"], status["device_losses"]), (-7.0, 1))
            end(live)
            self.assertEqual(live.returncode, 0)
        self.assertGreater(len(samples(self.path("clean.wav"))), 0)

    def test_a_server_that_was_killed_is_found_again(self):
        self.check_comes_back(signal.SIGKILL)

    def test_a_server_that_ended_is_found_again(self):
        self.check_comes_back(signal.SIGTERM)

    def test_signals_end_it_and_read_the_model_again(self):
        with Server() as server:
            for how in (signal.SIGINT, signal.SIGTERM):
                live = start("--input", "system", "-m", "wiener", env=server.env)
                wait_for(live, "status")
                live.send_signal(signal.SIGHUP)
                self.assertEqual(wait_for(live, "reloaded")["subject"], "wiener")
                events, _ = end(live, how)
                self.assertEqual(events[-1]["event"], "stopped")
                self.assertEqual(live.returncode, 0)


class Noise(Case):
    def record(self, server, x):
        self.write("sent.f32", x)
        probe = self.start_probe(server, self.path("sent.f32"))
        # The other end is connected by hand: it begins once someone listens.
        subprocess.run(["jack_connect", "system:capture_1", "dst:in"], env=server.env, check=True,
                       capture_output=True)
        live = start("--input", "src", "--force", "--record-noise", self.path("noise.wav"), "3",
                     env=server.env)
        wait_for(live, "started")
        out, errors = live.communicate(timeout=PATIENCE)
        self.assertEqual(live.returncode, 0, errors)
        probe.communicate(timeout=PATIENCE)
        return out + errors

    def test_noise_is_told_from_silence_and_from_what_comes_and_goes(self):
        draw = random.Random(SEED)
        steady = array.array("f", (draw.gauss(0, 0.05) for _ in range(48000 * 5)))
        pulsed = array.array("f", (x * (1 if t // 12000 % 2 else 0.01)
                                   for t, x in enumerate(steady)))
        with Server() as server:
            self.assertIn("holds silence", self.record(server, array.array("f", bytes(4 * 240000))))
            said = self.record(server, steady)
            self.assertIn("of steady noise at -2", said)
            self.assertGreaterEqual(len(samples(self.path("noise.wav"))), 3 * 48000 * 4)
            self.assertIn("comes and goes", self.record(server, pulsed))


class Words(Case):
    def test_usage_is_told(self):
        for options, text in {("--rate", "0"): "hertz from 1000",
                              ("--nonsense",): "is no option",
                              ("file.wav",): "no names are taken",
                              ("--record-noise", "a.wav"): "takes a file and seconds",
                              ("--hop", "0.01"): "depends on the window",
                              ("--record-raw", "a.wav", "--record-clean", "a.wav"): "are one file"
                              }.items():
            done = run(*options)
            self.assertEqual(done.returncode, 2, options)
            self.assertIn(text, done.stderr)

    def test_configurations_say_what_was_asked_for(self):
        pipewire = run("--print-pipewire-conf", "--model", "wiener", "--limit", "12").stdout
        self.assertIn('plugin = "urn:sordino:mono"', pipewire)
        self.assertIn('"limit"  = -12.0', pipewire)
        self.assertIn('"method" = 1', pipewire)
        self.assertEqual(pipewire.count("audio.position = [ MONO ]"), 2)
        self.assertEqual(pipewire.count("{"), pipewire.count("}"))
        unit = run("--print-systemd-unit", "--input", 'USB "5%"').stdout
        self.assertIn('--input "USB \\"5%%\\""', unit)


if __name__ == "__main__":
    print(f"SORDINO_TEST_SEED={SEED}")
    if not shutil.which("jackd") or not shutil.which("jack_lsp"):
        print("jackd is not installed")
        sys.exit(77)
    # This machine's own sound cards and servers are left alone.
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as alsa:
        alsa.write("pcm.!default { type null }\n")
        alsa.flush()
        os.environ["ALSA_CONFIG_PATH"] = alsa.name
        unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
