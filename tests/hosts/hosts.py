"""The plugins in the hosts that people use, on a noisy recording: the same samples as the library's.

    hosts.py REFERENCE PLAY BUNDLE [DATA] [HOST ...]

REFERENCE is the program of reference.c, PLAY that of play.c, BUNDLE a folder with the plugins as they were built, DATA a
folder with recordings in speech/ and noise/. What the library makes of the recording is compared
with what each host makes of it, after the latency that the plugin reports. Hosts that are not
installed are skipped by name; with HOSTs named, only those run. Exit status: 0, 1 where a host
failed, 77 where there was none. SORDINO_HOSTS_KEEP=1 keeps what was written.
"""
import array
import concurrent.futures
import ctypes
import glob
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import wave

import ardour
import jack
import pipewire
import processes
from processes import HostFailed

RATE = 48000
SECONDS = 4
SEED = int(os.environ.get("SORDINO_TEST_SEED", "1"))
# Float rounding of samples below full scale: hosts that mix or scale by 1 round once or twice.
TOLERANCE = 2.0 ** -22
TIME_LIMIT = 120  # s for one run of a host; it is to end a host that hangs, and measures nothing
# Times that a case is played at most. On a busy machine Ardour ends early, stands still, exports silence
# or, once in some hundred times, something else than the track; why is not known. What is equal in all its
# samples is so by no chance, the second time as well.
PLAYED = {"ardour": 5}
AT_ONCE = 4  # hosts beside each other: they wait as much as they work
WAVE_FORMAT_PCM, WAVE_FORMAT_IEEE_FLOAT, WAVE_FORMAT_EXTENSIBLE = 1, 3, 0xfffe


# ---- sound files

def write_wav(path, samples, channels):
    data = samples.tobytes()
    with open(path, "wb") as out:
        out.write(b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt ")
        out.write(struct.pack("<IHHIIHH", 16, WAVE_FORMAT_IEEE_FLOAT, channels, RATE,
                              4 * channels * RATE, 4 * channels, 32))
        out.write(b"data" + struct.pack("<I", len(data)) + data)


def read_wav(path):
    """The samples of a WAV file of 32-bit floats."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] != b"RIFF":
        raise HostFailed("wrote no WAV file")
    at, kind = 12, None
    while at + 8 <= len(data):
        name, size = struct.unpack("<4sI", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if name == b"fmt ":
            kind, bits = struct.unpack("<H", body[:2])[0], struct.unpack("<H", body[14:16])[0]
            if kind == WAVE_FORMAT_EXTENSIBLE:
                kind = struct.unpack("<H", body[24:26])[0]
            if (kind, bits) != (WAVE_FORMAT_IEEE_FLOAT, 32):
                raise HostFailed("wrote samples of format %d with %d bits" % (kind, bits))
        elif name == b"data":
            return floats(body)
        at += 8 + size + size % 2
    raise HostFailed("wrote a WAV file without samples")


def floats(data):
    return array.array("f", data[:len(data) // 4 * 4])


# ---- the recording

def decoded(path):
    return floats(subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, "-ac", "1", "-ar", str(RATE), "-f", "f32le", "-"],
        check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout)


def first_file(folder):
    names = sorted(n for n in os.listdir(folder) if n.endswith(".flac"))
    return os.path.join(folder, names[0])


def recorded_words():
    """Words of ALSA's, or a tone that comes and goes where they are not installed."""
    path = "/usr/share/sounds/alsa/Front_Center.wav"
    if not os.path.exists(path):
        period = [(i % 240 - 120) / 400 for i in range(240)]
        return array.array("f", [period[i % 240] * (i // 12000 % 2) for i in range(2 * RATE)])
    with wave.open(path, "rb") as file:
        whole = array.array("h", file.readframes(file.getnframes()))
    return array.array("f", [v / 32768 for v in whole])


def pink_noise(n, noise):
    """White noise through Paul Kellet's filter, about 30 dB below full scale."""
    out, a, b, c = array.array("f"), 0.0, 0.0, 0.0
    for _ in range(n):
        white = noise.gauss(0, 0.01)
        a = 0.99765 * a + white * 0.0990460
        b = 0.96300 * b + white * 0.2965164
        c = 0.57000 * c + white * 1.0526913
        out.append(a + b + c + white * 0.1848)
    return out


def record(data):
    """Says what it is; and [left, right], SECONDS long."""
    noise, n = random.Random(SEED), SECONDS * RATE
    if data and os.path.isdir(data) and shutil.which("ffmpeg"):
        files = [first_file(os.path.join(data, kind)) for kind in ("speech", "noise")]
        words, background = (decoded(f) for f in files)
        name = " + ".join(map(os.path.basename, files))
    else:
        words, background = recorded_words(), pink_noise(2 * RATE, noise)
        name = "words with made noise"
    start = noise.randrange(len(background))
    sides = []
    for gain, delay, offset in ((0.5, 0, start), (0.4, 17, start + RATE)):
        sides.append(array.array("f", [
            gain * words[(i - delay) % len(words)]
            + 0.3 * background[(i + offset) % len(background)] for i in range(n)]))
    return name, sides


def interleaved(sides):
    out = array.array("f", bytes(4 * len(sides) * len(sides[0])))
    for c, side in enumerate(sides):
        out[c::len(sides)] = side
    return out


# ---- the plugins

class Descriptor(ctypes.Structure):
    """LV2_Descriptor."""
    handle, port = ctypes.c_void_p, ctypes.c_uint32
    _fields_ = [
        ("uri", ctypes.c_char_p),
        ("instantiate", ctypes.CFUNCTYPE(handle, handle, ctypes.c_double, ctypes.c_char_p, handle)),
        ("connect_port", ctypes.CFUNCTYPE(None, handle, port, handle)),
        ("activate", ctypes.CFUNCTYPE(None, handle)),
        ("run", ctypes.CFUNCTYPE(None, handle, ctypes.c_uint32)),
        ("deactivate", handle),
        ("cleanup", ctypes.CFUNCTYPE(None, handle)),
        ("extension_data", handle),
    ]


class Plugin:
    """A plugin of the bundle: its ports as the Turtle has them."""

    def __init__(self, bundle, kind):
        self.bundle, self.uri = bundle, "urn:sordino:" + kind
        self.channels = 2 if kind == "stereo" else 1
        with open(os.path.join(bundle, "sordino.ttl"), encoding="utf-8") as file:
            text = file.read().split("\n<%s>\n" % self.uri)[1].split("\n<urn:")[0]
        self.ports = [(int(index), symbol, "lv2:ControlPort , lv2:InputPort" in kinds)
                      for kinds, index, symbol in re.findall(
                          r"\ba (lv2:\w+ , lv2:\w+|atom:\w+ , lv2:\w+) ;\s+lv2:index (\d+) ;"
                          r"\s+lv2:symbol \"(\w+)\"", text)]
        defaults = re.findall(r"lv2:symbol \"(\w+)\" ;[^\[\]]*?lv2:default ([-\d.]+)", text)
        self.defaults = {symbol: float(value) for symbol, value in defaults}
        self.names = dict(re.findall(r"lv2:symbol \"(\w+)\" ;\s+lv2:name \"([^\"]+)\"", text))

    def controls(self):
        """Symbols of the controls that are set, in the order of their ports."""
        return [symbol for _, symbol, is_control in self.ports if is_control]

    def latency(self):
        """What the plugin reports in a block of no samples with all else at its default."""
        library = ctypes.CDLL(os.path.join(self.bundle, "sordino.so"))
        library.lv2_descriptor.restype = ctypes.POINTER(Descriptor)
        found = (library.lv2_descriptor(i).contents for i in range(2))
        d = next(d for d in found if d.uri.decode() == self.uri)
        handle = d.instantiate(ctypes.addressof(d), RATE, os.fsencode(self.bundle) + b"/", None)
        if not handle:
            raise HostFailed("the plugin cannot be instantiated")
        value = ctypes.c_float(-1)
        index = next(i for i, symbol, _ in self.ports if symbol == "latency")
        d.connect_port(handle, index, ctypes.addressof(value))
        d.activate(handle)
        d.run(handle, 0)
        d.cleanup(handle)
        return int(value.value)


class Case:
    """A plugin with settings, and the recording that it is played."""

    def __init__(self, name, plugin, work, sides, settings):
        self.name, self.plugin, self.settings = name, plugin, settings
        self.channels, self.latency = plugin.channels, plugin.latency()
        self.sides = sides[:self.channels]
        self.input = interleaved(self.sides)
        self.wav = os.path.join(work.folder, name + ".wav")
        write_wav(self.wav, self.input, self.channels)
        with open(self.wav + ".f32", "wb") as file:
            file.write(self.input.tobytes())

    def values(self):
        """All controls, by their symbol."""
        return {s: self.settings.get(s, self.plugin.defaults[s]) for s in self.plugin.controls()}

    def expected(self, work, before):
        values, out = self.values(), work.path("expected.f32")
        subprocess.run([work.reference, "wiener" if values["method"] else "network", str(RATE),
                        str(self.channels), str(values["limit"]), str(values["mix"]), str(before),
                        self.wav + ".f32", out], check=True)
        with open(out, "rb") as file:
            return floats(file.read())


# ---- where it all happens

class Work:
    def __init__(self, folder, reference, play, bundle):
        self.folder, self.count, self.lock = folder, 0, threading.Lock()
        self.ardours = threading.Lock()
        self.reference, self.play = os.path.abspath(reference), os.path.abspath(play)
        # Hosts read whatever lies in the bundle: only what is installed.
        self.lv2 = os.path.join(folder, "lv2")
        self.bundle = os.path.join(self.lv2, "sordino.lv2")
        os.makedirs(self.bundle)
        for name in ("sordino.so", "manifest.ttl", "sordino.ttl", "presets.ttl"):
            shutil.copy(os.path.join(bundle, name), self.bundle)
        self.env = dict(processes.environment(folder), LV2_PATH=self.lv2,
                        GST_REGISTRY=os.path.join(folder, "gstreamer"))

    def number(self):
        """One that no other has."""
        with self.lock:
            self.count += 1
            return self.count

    def path(self, name):
        """A new file's name."""
        return os.path.join(self.folder, "%d-%s" % (self.number(), name))

    def run(self, *command, limit=TIME_LIMIT, **more):
        """What it wrote; raises where it failed. What is None in `more` is not set."""
        env = {k: v for k, v in dict(self.env, **more).items() if v is not None}
        return processes.run(command, env, self.folder, limit)

    @staticmethod
    def floats(path):
        with open(path, "rb") as file:
            return floats(file.read())


# ---- hosts: what each makes of a case, from its first sample on, the plugin's latency in it

def text(value):
    return "%.9g" % value


def ffmpeg(work, case):
    out = work.path("ffmpeg.f32")
    controls = "|".join("%s=%s" % (s, text(v)) for s, v in case.settings.items())
    graph = "lv2=p=" + case.plugin.uri.replace(":", r"\\:") + (":c=" + controls if controls else "")
    work.run("ffmpeg", "-v", "error", "-i", case.wav, "-af", graph, "-f", "f32le", out)
    return work.floats(out)


def lv2apply(work, case):
    out = work.path("lv2apply.wav")
    controls = [word for s, v in case.settings.items() for word in ("-c", s, text(v))]
    work.run("lv2apply", "-i", case.wav, "-o", out, *controls, case.plugin.uri)
    return read_wav(out)


def lv2file(work, case):
    out = work.path("lv2file.wav")
    controls = [word for s, v in case.settings.items() for word in ("-p", s + ":" + text(v))]
    work.run("lv2file", "-i", case.wav, "-o", out, *controls, case.plugin.uri)
    return read_wav(out)


def ecasound(work, case):
    out = work.path("ecasound.wav")
    controls = ",".join(text(v) for v in case.values().values())
    work.run("ecasound", "-q", "-f:f32_le,%d,%d" % (case.channels, RATE), "-i:" + case.wav,
             "-o:" + out, "-elv2:%s,%s" % (case.plugin.uri, controls))
    return read_wav(out)


def gstreamer(work, case):
    """It sets toggles to false unless they are named."""
    out = work.path("gstreamer.f32")
    toggles = ("enabled", "learn", "profile", "freewheel")
    controls = ["%s=%s" % (s.replace("_", "-"), str(v > 0).lower() if s in toggles else text(v))
                for s, v in case.values().items()]
    work.run("gst-launch-1.0", "-q", "filesrc", "location=" + case.wav, "!", "wavparse", "!",
             case.plugin.uri.replace(":", "-"), *controls, "!", "filesink", "location=" + out)
    return work.floats(out)


def lv2bench(work, case):
    """Plays silence and writes no sound: that it runs the plugin is all that can be seen."""
    said = work.run("lv2bench", "-b", "512", "-n", "48000", case.plugin.uri)
    if not re.search(r"^[\d.]+ +" + re.escape(case.plugin.uri) + r"$", said, re.M):
        raise HostFailed("lv2bench did not run the plugin:\n" + said)


def in_ardour(work, case):
    """The export takes the latency away; it is put back. The mixer is stereo, whatever it plays."""
    both = read_wav(ardour.ardour(work, case))[2 * ardour.SILENCE:]
    before = array.array("f", bytes(4 * case.latency * case.channels))
    return before + (both[::2] if case.channels == 1 else both)


def debian_version(package):
    if not shutil.which("dpkg-query"):
        return ""
    return subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False).stdout.decode()


# name, programs that must be there, Debian's package, samples of silence before, function.
# Where a host has played silence for a time that is not known, each place within a hop is tried.
HOSTS = [
    ("ffmpeg", ["ffmpeg"], "ffmpeg", [0], ffmpeg),
    ("lv2apply", ["lv2apply"], "lilv-utils", [0], lv2apply),
    ("lv2file", ["lv2file"], "lv2file", [0], lv2file),
    ("ecasound", ["ecasound"], "ecasound", [0], ecasound),
    ("gstreamer", ["gst-launch-1.0"], "gstreamer1.0-plugins-bad", [0], gstreamer),
    ("lv2bench", ["lv2bench"], "lilv-utils", [0], lv2bench),
    ("jalv", ["jalv", "jackd", "jack_wait"], "jalv", jack.BEFORE, jack.jalv),
    ("ardour", ["ardour7-lua", "ardour7-export"], "ardour", ardour.BEFORE, in_ardour),
    ("pipewire", pipewire.PROGRAMS, "pipewire", jack.BEFORE, pipewire.pipewire),
]


def missing(name, programs, work):
    lacking = [p for p in programs if not shutil.which(p)]
    if not lacking and name == "gstreamer":
        inspect = shutil.which("gst-inspect-1.0")
        if not inspect or subprocess.run([inspect, "lv2"], env=work.env, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL, check=False).returncode != 0:
            lacking = ["its lv2 plugin"]
    if not lacking and name == "ffmpeg" and " lv2 " not in work.run("ffmpeg", "-v", "0", "-filters"):
        lacking = ["its filter lv2"]
    if not lacking and name == "pipewire" and not glob.glob(pipewire.LIBRARY):
        lacking = ["its libjack"]
    return ", ".join(lacking)


def difference(case, expected, out):
    """The largest between what the library makes and what the host does, after the latency."""
    late = case.latency * case.channels
    n = len(expected) - late
    if len(out) < len(expected):
        raise HostFailed("%d samples came of %d" % (len(out), len(expected)))
    largest = max(abs(expected[i] - out[i + late]) for i in range(n))
    if not largest <= TOLERANCE:
        if not any(out):
            raise HostFailed("is silent")
        first = next(i for i in range(n) if not abs(expected[i] - out[i + late]) <= TOLERANCE)
        raise HostFailed("differs by %.3g, first at frame %d" % (largest, first // case.channels))
    return largest


def nearest(work, case, befores, out):
    """What the library makes after that silence of which the first second comes nearest."""
    late, best = case.latency * case.channels, None
    for before in befores:
        expected = case.expected(work, before)
        far = max(map(lambda a, b: abs(a - b), expected[:RATE], out[late:late + RATE]))
        if best is None or far < best[0]:
            best = far, expected
        if far <= TOLERANCE:
            break
    return best[1]


def try_host(work, case, host):
    """Plays a case, and says what came of it."""
    name, _, _, befores, play = host
    out, told = play(work, case), "runs"
    if out is not None:
        expected = nearest(work, case, befores, out)
        # Were it near the input, a host that leaves the plugin out would pass.
        if max(abs(a - b) for a, b in zip(expected, case.input)) < 1000 * TOLERANCE:
            raise HostFailed("the recording has no noise in it")
        told = "largest difference %.3g" % difference(case, expected, out)
    print("%-10s %-8s ok: %s" % (name, case.name, told), flush=True)


def installed(work, names):
    """The hosts that can be tried; says which cannot."""
    hosts = []
    for host in HOSTS:
        name = host[0]
        if names and name not in names:
            continue
        lacking = missing(name, host[1], work)
        if lacking:
            print("%-10s skipped: %s not installed" % (name, lacking), flush=True)
            continue
        print("%-10s version %s" % (name, debian_version(host[2])), flush=True)
        hosts.append(host)
    return hosts


def failed(work, case, host):
    for left in range(PLAYED.get(host[0], 1) - 1, -1, -1):
        try:
            try_host(work, case, host)
            return False
        except (HostFailed, OSError) as why:
            print("%-10s %-8s %s: %s" % (host[0], case.name, "again" if left else "FAILED", why),
                  flush=True)
    return True


def try_all(work, cases, hosts):
    """Several at a time, the slow ones of HOSTS' end first. How many failed."""
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(pool.map(lambda job: failed(work, *job),
                            [(case, host) for host in reversed(hosts) for case in cases]))


def main():
    reference, play, bundle = sys.argv[1:4]
    names = [n for n in sys.argv[4:] if n in [h[0] for h in HOSTS]]
    data = next((n for n in sys.argv[4:] if n not in names), None)
    folder = tempfile.mkdtemp(prefix="sordino-hosts-")
    try:
        work = Work(folder, reference, play, bundle)
        name, sides = record(data)
        plugins = {kind: Plugin(work.bundle, kind) for kind in ("mono", "stereo")}
        print("recording: %s; seed %d" % (name, SEED))
        cases = [
            Case("defaults", plugins["mono"], work, sides, {}),
            Case("wiener", plugins["mono"], work, sides,
                 {"method": 1, "limit": -14, "mix": 0.75}),
            Case("stereo", plugins["stereo"], work, sides, {"limit": -30}),
        ]
        for case in cases:
            print("%s: %s, latency %d samples" % (case.name, case.plugin.uri, case.latency))
        hosts = installed(work, names)
        failures = try_all(work, cases, hosts)
    finally:
        if os.environ.get("SORDINO_HOSTS_KEEP") != "1":
            shutil.rmtree(folder, ignore_errors=True)
    print("%d hosts, %d failures" % (len(hosts), failures))
    return 1 if failures else 0 if hosts else 77


if __name__ == "__main__":
    sys.exit(main())
