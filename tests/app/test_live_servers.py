"""sordino-live on sound servers of its own that people have: PulseAudio with null sinks, PipeWire
without a session; and the configuration that it prints for PipeWire, in PipeWire.

    test_live_servers.py SORDINO_LIVE SORDINO JACK_PROBE PLUGIN [DATA]

PLUGIN is the shared library of the LV2 plugin, beside its .ttl files; "-" leaves its test out. DATA is
a folder with recordings in speech/ and noise/; without it a voice is made up. Nothing here speaks to
the servers or sound cards of this machine: each server has folders of its own, without D-Bus.
"""
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import noisy_voice

LIVE, SORDINO, PROBE = (os.path.abspath(path) for path in sys.argv[1:4])
PLUGIN = sys.argv[4] if len(sys.argv) > 4 else "-"
DATA = sys.argv[5] if len(sys.argv) > 5 else "-"
SEED = int(os.environ.get("SORDINO_TEST_SEED", "1"))
RATE = 48000
PATIENCE = 60        # s: for anything at all; nothing here is a matter of speed
SECONDS = 20         # of sound that is played
STRETCH = 1.0        # s in one piece that must pass: timing is loose, more so under load
PIPEWIRE_JACK = glob.glob("/usr/lib/*/pipewire-0.3/jack/libjack.so.0")

PULSE_SCRIPT = """
load-module module-native-protocol-unix
load-module module-null-sink sink_name=mic format=float32le rate=48000 channels=1 channel_map=mono
load-module module-null-sink sink_name=speaker format=float32le rate=48000 channels=1 channel_map=mono
set-default-sink speaker
set-default-source mic.monitor
"""
ASOUND = """
pcm.pulse { type pulse }
ctl.pulse { type pulse }
pcm.!default { type null }
"""
PIPEWIRE = """
context.properties = {
    core.daemon = true
    core.name = pipewire-0
    support.dbus = false
    mem.allow-mlock = false
    default.clock.rate = 48000
    default.clock.allowed-rates = [ 48000 ]
    default.clock.quantum = 1024
    default.clock.min-quantum = 1024
    default.clock.max-quantum = 1024
}
context.spa-libs = {
    audio.convert.* = audioconvert/libspa-audioconvert
    support.* = support/libspa-support
}
context.modules = [
    { name = libpipewire-module-protocol-native }
    { name = libpipewire-module-metadata }
    { name = libpipewire-module-spa-node-factory }
    { name = libpipewire-module-client-node }
    { name = libpipewire-module-access }
    { name = libpipewire-module-adapter }
    { name = libpipewire-module-link-factory }
]
context.objects = [
    { factory = spa-node-factory args = { factory.name = support.node.driver
        node.name = Dummy-Driver node.group = pipewire.dummy priority.driver = 20000 } }
]
"""
PIPEWIRE_PULSE = """
context.properties = { support.dbus = false mem.allow-mlock = false }
context.spa-libs = {
    audio.convert.* = audioconvert/libspa-audioconvert
    support.* = support/libspa-support
}
context.modules = [
    { name = libpipewire-module-protocol-native }
    { name = libpipewire-module-client-node }
    { name = libpipewire-module-adapter }
    { name = libpipewire-module-metadata }
    { name = libpipewire-module-protocol-pulse args = { server.address = [ "unix:native" ] } }
]
"""
# What a session manager does: a port for each channel, of floats.
PORT = ("{ direction: %s, mode: dsp, format: { mediaType: audio, mediaSubtype: raw, format: F32P,"
        " rate: 48000, channels: 1, position: [ MONO ] } }")


def begin(arguments, log, env, **more):
    """A process in a group of its own, all of which `stop` ends."""
    return subprocess.Popen(arguments, env=env, start_new_session=True,
                            **{"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, **more})


def stop(process):
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, how)
        except ProcessLookupError:
            pass
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            continue
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe:
            pipe.close()


def wait_until(what, found):
    """What found() gives, once that is not empty."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        got = found()
        if got:
            return got
        time.sleep(0.1)
    raise AssertionError(what + " did not come")


def words(*arguments, env):
    """What a command says; nothing where it fails."""
    try:
        done = subprocess.run(arguments, env=env, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=10)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout if done.returncode == 0 else ""


def samples(path):
    with open(path, "rb") as file:
        data = file.read()
    at = data.index(b"data")
    return data[at + 8:at + 8 + int.from_bytes(data[at + 4:at + 8], "little")]


def longest_stretch(needle, hay):
    """Bytes of the longest part of `needle` found that is in `hay` in one piece."""
    step, most, at = RATE, 0, 0
    while at + 256 <= len(needle):
        where = hay.find(needle[at:at + 256])
        while where >= 0 and where % 4:
            where = hay.find(needle[at:at + 256], where + 1)
        if where < 0 or needle[at:at + 256].count(0) > 128:
            at += step
            continue
        n = min(len(needle) - at, len(hay) - where)
        if needle[at:at + n] != hay[where:where + n]:
            low, high = 256, n
            while high - low > 4:
                middle = (low + high) // 8 * 4
                if needle[at:at + middle] == hay[where:where + middle]:
                    low = middle
                else:
                    high = middle
            n = low
        most = max(most, n)
        at += max(n, step)
    return most


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sordino-servers-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        os.mkdir(self.path("run"), 0o700)
        self.env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": self.folder,
                    "LC_ALL": "C", "XDG_RUNTIME_DIR": self.path("run"),
                    "PULSE_RUNTIME_PATH": self.path("run/pulse"), "PULSE_LATENCY_MSEC": "200",
                    "XDG_CONFIG_HOME": self.path("config"), "PIPEWIRE_RUNTIME_DIR": self.path("run"),
                    "ALSA_CONFIG_PATH": self.path("asound.conf"),
                    "DBUS_SESSION_BUS_ADDRESS": "disabled:", "JACK_NO_START_SERVER": "1"}
        for name in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def begin(self, *arguments, env=None, **more):
        with open(self.path("log"), "ab") as log:
            process = begin(arguments, log, env or self.env, **more)
        self.addCleanup(stop, process)
        return process

    def log(self):
        with open(self.path("log"), encoding="utf-8", errors="replace") as file:
            return file.read()[-2000:]

    def write_voice(self):
        with open(self.path("sent.f32"), "wb") as file:
            noisy_voice.make(DATA, SECONDS, RATE, SEED).tofile(file)
        with open(self.path("sent.f32"), "rb") as file:
            return file.read()

    def start_live(self, *options, env=None):
        live = self.begin(LIVE, "--json", "--rate", str(RATE), "-m", "wiener", "--limit", "120",
                          "--record-raw", self.path("raw.wav"), "--record-clean",
                          self.path("clean.wav"), *options, env=env, stdout=subprocess.PIPE, text=True)
        said = []
        for line in live.stdout:
            said.append(line)
            event = json.loads(line)
            if event["event"] == "latency":
                return live, int(event["text"].split()[0])
        raise AssertionError(f"sordino-live ended with {live.wait()}: {said} {self.log()}")

    def end_live(self, live):
        """Its last status."""
        live.send_signal(signal.SIGTERM)
        status = None
        for line in live.stdout:
            event = json.loads(line)
            if event["event"] == "status":
                status = event
            if event["event"] == "record":
                self.assertIn(" 0 lost", event["text"])
        self.assertEqual(live.wait(PATIENCE), 0, self.log())
        return status

    def check_core(self, latency):
        """What went out is what sordino makes of what came in; both, as bytes."""
        done = subprocess.run([SORDINO, "-f", "-m", "wiener", self.path("raw.wav"),
                               self.path("core.wav")], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        raw, clean, core = (samples(self.path(name + ".wav")) for name in ("raw", "clean", "core"))
        self.assertEqual(len(raw), len(clean))
        self.assertGreater(len(clean), 4 * RATE)
        self.assertEqual(clean[4 * latency:], core[:len(clean) - 4 * latency])
        return raw, clean


class Pulse(Case):
    """What speaks PulseAudio's language."""

    FORM = ["--raw", "--format=float32le", f"--rate={RATE}", "--channels=1"]

    def pactl(self, *what):
        return words("pactl", "list", "short", *what, env=self.env)

    def play(self, live, sink, source):
        """Plays the voice to a sink, and gives what came from a source."""
        with open(self.path("received.f32"), "wb") as file:
            heard = self.begin("pacat", "--record", *self.FORM, "-d", source, stdout=file)
        wait_until("the recording", lambda: os.path.getsize(self.path("received.f32")) > 0)
        with open(self.path("sent.f32"), "rb") as file:
            player = self.begin("pacat", "--playback", *self.FORM, "-d", sink, stdin=file)
        self.assertEqual(player.wait(PATIENCE + SECONDS), 0, self.log())
        time.sleep(1)  # for what is still under way
        self.during = self.pactl("sinks") + self.pactl("sources") + self.pactl("modules")
        status = self.end_live(live)
        stop(heard)
        with open(self.path("received.f32"), "rb") as file:
            return status, file.read()

    def defaults(self):
        return [words("pactl", "get-default-" + what, env=self.env) for what in ("sink", "source")]

    def check_virtual(self, option, sink, source):
        """A virtual device passes a voice, is nobody's default, and is gone afterwards."""
        sent = self.write_voice()
        self.start_server()
        before = self.pactl("modules"), self.defaults()
        live, latency = self.start_live(option, "--channels", "1", "--latency", "200")
        self.assertEqual(self.defaults(), before[1])
        _, received = self.play(live, sink, source)
        self.assertIn("sordino", self.during)
        self.assertEqual((self.pactl("modules"), self.defaults()), before)
        raw, clean = self.check_core(latency)
        into, out = (longest_stretch(*pair) / 4 / RATE for pair in ((sent, raw), (clean, received)))
        print(f"{option}: in one piece came {into:.1f} s in and {out:.1f} s out", flush=True)
        self.assertGreaterEqual(into, STRETCH)
        self.assertGreaterEqual(out, STRETCH)


@unittest.skipUnless(shutil.which("pulseaudio") and shutil.which("pacat") and
                     glob.glob("/usr/lib/*/alsa-lib/libasound_module_pcm_pulse.so"),
                     "pulseaudio, pulseaudio-utils and libasound2-plugins are not all installed")
class PulseAudio(Pulse):
    def start_server(self):
        self.write("null.pa", PULSE_SCRIPT)
        self.write("asound.conf", ASOUND)
        self.begin("pulseaudio", "-n", "-F", self.path("null.pa"), "--daemonize=no",
                   "--use-pid-file=no", "--exit-idle-time=-1", "--disable-shm=yes",
                   "--high-priority=no", "--realtime=no")
        wait_until("PulseAudio's sinks", lambda: "speaker" in self.pactl("sinks"))

    def test_a_virtual_microphone_is_heard_and_goes(self):
        self.check_virtual("--virtual-mic", "mic", "sordino_microphone")

    def test_a_virtual_speaker_is_played_to_and_goes(self):
        self.check_virtual("--virtual-speaker", "sordino_speaker", "speaker.monitor")

    def test_what_was_killed_leaves_a_device_that_the_next_takes_away(self):
        self.start_server()
        before = self.pactl("modules")
        live, _ = self.start_live("--virtual-mic", "--force")
        live.kill()
        live.wait(PATIENCE)
        self.assertIn("sordino_microphone", self.pactl("sources"))
        live, _ = self.start_live("--virtual-mic", "--force")
        self.assertEqual(self.pactl("sources").count("\tsordino_microphone\t"), 1)
        second = subprocess.run([LIVE, "--virtual-mic"], env=self.env, capture_output=True, text=True,
                                stdin=subprocess.DEVNULL, timeout=PATIENCE)
        self.assertEqual(second.returncode, 1)
        self.assertRegex(second.stderr, r"another sordino-live \(process \d+\) has made it already")
        self.end_live(live)
        self.assertEqual(self.pactl("modules"), before)

    def test_what_a_dead_process_left_is_taken_away_whoever_has_its_number(self):
        self.start_server()
        before = self.pactl("modules")
        words("pactl", "load-module", "module-null-sink", "sink_name=sordino_speaker",
              f"sink_properties=sordino.pid={os.getpid()}", env=self.env)  # which is no sordino-live
        self.assertIn("sordino_speaker", self.pactl("sinks"))
        live, _ = self.start_live("--virtual-speaker", "--channels", "1")
        self.assertEqual(self.pactl("sinks").count("\tsordino_speaker\t"), 1)
        self.end_live(live)
        self.assertEqual(self.pactl("modules"), before)

    def test_without_alsas_pulse_device_that_is_told(self):
        self.start_server()
        before = self.pactl("modules")
        self.write("asound.conf", "pcm.!default { type null }\n")
        done = subprocess.run([LIVE, "--virtual-mic"], env=self.env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1), done.stderr)
        self.assertIn("install libasound2-plugins", done.stderr)
        self.assertEqual(self.pactl("modules"), before)

    def test_a_virtual_device_goes_with_what_cannot_begin(self):
        self.start_server()
        before = self.pactl("modules")
        done = subprocess.run([LIVE, "--virtual-mic", "--record-raw", "/nowhere/a.wav"], env=self.env,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              timeout=PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(self.pactl("modules"), before)

    def test_no_server_is_told_in_one_line(self):
        self.write("asound.conf", ASOUND)
        done = subprocess.run([LIVE, "--virtual-mic"], env=self.env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1), done.stderr)
        self.assertIn("PulseAudio must run, or PipeWire with pipewire-pulse", done.stderr)
        done = subprocess.run([LIVE, "--virtual-mic"], env=dict(self.env, PATH="/nowhere"),
                              capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1), done.stderr)
        self.assertIn("install pulseaudio-utils", done.stderr)

    def test_null_sinks_pass_a_noisy_voice(self):
        sent = self.write_voice()
        self.start_server()
        live, latency = self.start_live("--input", "pulse", "--output", "pulse", "--latency", "200")
        status, received = self.play(live, "mic", "speaker.monitor")
        raw, clean = self.check_core(latency)
        into, out = (longest_stretch(*pair) / 4 / RATE for pair in ((sent, raw), (clean, received)))
        print(f"PulseAudio: {len(raw) / 4 / RATE:.1f} s as the core's, {status['xruns']} xruns; in one "
              f"piece came {into:.1f} s in and {out:.1f} s out", flush=True)
        self.assertGreaterEqual(into, STRETCH)
        self.assertGreaterEqual(out, STRETCH)


@unittest.skipUnless(shutil.which("pipewire") and shutil.which("pw-cli") and
                     shutil.which("pw-link") and PIPEWIRE_JACK,
                     "pipewire, pipewire-bin and pipewire-jack are not all installed")
class PipeWire(Case):
    def start_server(self, env=None):
        self.write("config/pipewire/pipewire.conf", PIPEWIRE)
        self.begin("pipewire", env=env)
        wait_until("PipeWire", lambda: "Dummy-Driver" in words("pw-cli", "ls", "Node", env=self.env))

    def jack_env(self):
        return dict(self.env, LD_LIBRARY_PATH=os.path.dirname(PIPEWIRE_JACK[0]))

    def start_probe(self):
        probe = self.begin(PROBE, self.path("sent.f32"), self.path("received.f32"),
                           env=self.jack_env(), stdout=subprocess.PIPE, text=True)
        self.assertEqual(probe.stdout.readline(), "ready\n", self.log())
        return probe

    def finish(self, probe):
        self.assertEqual(probe.stdout.readline(), "connected\n")
        self.assertIn("period", probe.stdout.readline())
        with open(self.path("received.f32"), "rb") as file:
            return file.read()

    def test_a_noisy_voice_passes_headless(self):
        sent = self.write_voice()
        self.write("asound.conf", "pcm.!default { type null }\n")
        self.start_server()
        probe = self.start_probe()
        live, latency = self.start_live("--input", "src", "--output", "dst", env=self.jack_env())
        received = self.finish(probe)
        status = self.end_live(live)
        raw, clean = self.check_core(latency)
        into, out = (longest_stretch(*pair) / 4 / RATE for pair in ((sent, raw), (clean, received)))
        print(f"PipeWire: {len(raw) / 4 / RATE:.1f} s as the core's, {status['xruns']} xruns; in one "
              f"piece came {into:.1f} s in and {out:.1f} s out", flush=True)
        self.assertGreaterEqual(into, STRETCH)
        self.assertGreaterEqual(out, STRETCH)

    def node(self, name):
        """The number of a node."""
        found = re.search(r'\bid (\d+), type [^\n]*Node(?:(?!\bid \d+, type).)*?node.name = "%s"' % name,
                          words("pw-cli", "ls", "Node", env=self.env), re.S)
        return found and found[1]

    def ports(self, direction):
        return words("pw-link", direction, env=self.env).split()

    @unittest.skipIf(PLUGIN == "-", "the plugin is not built")
    def test_the_printed_configuration_makes_a_microphone(self):
        printed = subprocess.run([LIVE, "--print-pipewire-conf", "-m", "wiener", "--mix", "0"],
                                 capture_output=True, text=True, check=True, timeout=PATIENCE).stdout
        sent = self.write_voice()
        self.write("config/pipewire/pipewire.conf.d/50-sordino.conf", printed)
        os.makedirs(self.path("lv2"))
        os.symlink(os.path.dirname(os.path.abspath(PLUGIN)), self.path("lv2/sordino.lv2"))
        self.start_server(dict(self.env, LV2_PATH=self.path("lv2")))
        for name, direction in (("capture.sordino", "Input"), ("sordino", "Output")):
            number = wait_until("node " + name, lambda n=name: self.node(n.replace(".", r"\.")))
            wait_until("ports of " + name, lambda n=number, d=direction: words(
                "pw-cli", "set-param", n, "PortConfig", PORT % d, env=self.env))
        # One channel on either side, by the position MONO.
        wait_until("the microphone", lambda: "sordino:capture_MONO" in self.ports("-o"))
        wait_until("its input", lambda: "capture.sordino:input_MONO" in self.ports("-i"))
        probe = self.start_probe()
        for link in (("src:out", "capture.sordino:input_MONO"), ("sordino:capture_MONO", "dst:in")):
            done = subprocess.run(["pw-link", *link], env=self.env, capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL, timeout=PATIENCE)
            self.assertEqual(done.returncode, 0, done.stderr)
        received = self.finish(probe)
        passed = longest_stretch(sent, received) / 4 / RATE
        print(f"PipeWire's filter chain: {passed:.1f} s passed in one piece", flush=True)
        self.assertGreaterEqual(passed, STRETCH)


@unittest.skipUnless(shutil.which("pipewire") and shutil.which("wireplumber") and shutil.which("dbus-run-session") and
                     shutil.which("pacat") and
                     glob.glob("/usr/lib/*/alsa-lib/libasound_module_pcm_pulse.so") and
                     glob.glob("/usr/lib/*/pipewire-0.3/libpipewire-module-protocol-pulse.so"),
                     "pipewire, wireplumber, dbus, pulseaudio-utils and libasound2-plugins are not all installed")
class PipeWirePulse(Pulse):
    def start_server(self):
        self.write("asound.conf", ASOUND)
        self.write("config/pipewire/pipewire.conf", PIPEWIRE)
        self.write("pulse.conf", PIPEWIRE_PULSE)
        self.begin("pipewire")
        wait_until("PipeWire", lambda: "Dummy-Driver" in words("pw-cli", "ls", "Node", env=self.env))
        self.begin("dbus-run-session", "--", "wireplumber")
        self.begin("pipewire", "-c", self.path("pulse.conf"))
        wait_until("its pulse server", lambda: words("pactl", "info", env=self.env))
        for name in ("mic", "speaker"):
            self.assertTrue(words("pactl", "load-module", "module-null-sink", f"sink_name={name}",
                                  "format=float32le", "rate=48000", "channels=1", env=self.env))
        for kind, name in (("sink", "speaker"), ("source", "mic.monitor")):
            wait_until(name, lambda k=kind, n=name: words("pactl", f"set-default-{k}", n, env=self.env) or
                       words("pactl", f"get-default-{k}", env=self.env) == n + "\n")

    def test_a_virtual_microphone_is_heard_and_goes(self):
        self.check_virtual("--virtual-mic", "mic", "sordino_microphone")

    def test_a_virtual_speaker_is_played_to_and_goes(self):
        self.check_virtual("--virtual-speaker", "sordino_speaker", "speaker.monitor")


if __name__ == "__main__":
    print(f"SORDINO_TEST_SEED={SEED}")
    ran = unittest.main(argv=sys.argv[:1] + sys.argv[6:], verbosity=2, exit=False).result
    if len(ran.skipped) == ran.testsRun:
        sys.exit(77)
    sys.exit(not ran.wasSuccessful())
