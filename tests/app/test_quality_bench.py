"""bench/quality: means, paired intervals, the floor, groups, the cache, failures.

    test_quality_bench.py QUALITY_PY SORDINO SORDINO_EVAL [-k TEST]
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

sys.dont_write_bytecode = True
SCRIPT = os.path.abspath(sys.argv[1])
PROGRAMS = [os.path.abspath(p) for p in sys.argv[2:4]]
SEED = int(os.environ.get("SORDINO_TEST_SEED", "1"))
RATE = 16000
FRAMES = 8000

sys.path.insert(0, os.path.dirname(SCRIPT))
import paired  # noqa: E402
import quality  # noqa: E402
import wav  # noqa: E402

# A "PESQ" that anyone can compute: ten times the RMS of what is scored.
PESQ = """
import sys
sys.path.insert(0, sys.argv[1])
import math, wav
y = wav.read(sys.argv[3]).samples
print("score", 10 * math.sqrt(sum(v * v for v in y) / len(y)))
"""

# A "denoiser": the input times its first argument.
SCALE = """
import array, sys
sys.path.insert(0, sys.argv[1])
import wav
x = wav.read(sys.argv[3])
x.samples = array.array("d", (float(sys.argv[2]) * v for v in x.samples))
wav.write(sys.argv[4], x)
"""

# Leaves a temporary file when it is killed.
NEVER = """
import os, sys, tempfile, time
open(sys.argv[1] + "/" + str(os.getpid()), "w").close()
tempfile.mkstemp()
time.sleep(600)
"""


def write(path, samples, rate=RATE):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    wav.write(path, wav.Wav(rate, 1, array.array("d", samples)))


def text(path, value):
    with open(path, "w", encoding="utf-8") as file:
        file.write(value)


class Arithmetic(unittest.TestCase):
    def test_student_t_is_that_of_the_tables(self):
        for degrees, value in ((1, 12.7062), (2, 4.3027), (10, 2.2281), (30, 2.0423), (211, 1.9713)):
            self.assertAlmostEqual(paired.student_t(degrees), value, 4)

    def test_an_interval_without_clusters_is_that_of_the_t_test(self):
        # Mean 3, standard deviation sqrt(2.5), standard error sqrt(.5), t(4) = 2.77645.
        centre, half, clusters = paired.interval([1, 2, 3, 4, 5], list("abcde"))
        self.assertEqual((centre, clusters), (3, 5))
        self.assertAlmostEqual(half, 2.776445 * math.sqrt(0.5), 5)

    def test_values_that_repeat_in_a_cluster_tell_nothing_new(self):
        once = paired.interval([1, 2, 4], ["a", "b", "c"])
        twice = paired.interval([1, 1, 2, 2, 4, 4], ["a", "a", "b", "b", "c", "c"])
        for x, y in zip(once, twice):
            self.assertAlmostEqual(x, y, 12)
        self.assertIsNone(paired.interval([1, 2], ["a", "a"])[1])

    def test_wav_files_of_every_kind_are_read(self):
        values = [0, 0.5, -0.5, -1]
        kinds = {
            (1, 8): bytes([128, 192, 64, 0]),
            (1, 16): array.array("h", (0, 16384, -16384, -32768)).tobytes(),
            (1, 24): bytes.fromhex("000000" "000040" "0000c0" "000080"),
            (1, 32): array.array("i", (0, 1 << 30, -(1 << 30), -(1 << 31))).tobytes(),
            (3, 32): array.array("f", values).tobytes(),
            (3, 64): array.array("d", values).tobytes(),
        }
        with tempfile.TemporaryDirectory() as folder:
            path = folder + "/a.wav"
            for (kind, bits), raw in kinds.items():
                form = b"".join(v.to_bytes(n, "little") for v, n in (
                    (kind, 2), (2, 2), (8000, 4), (8000 * bits // 4, 4), (bits // 4, 2), (bits, 2)))
                odd = b"note" + (3).to_bytes(4, "little") + b"odd\0"
                body = b"WAVEfmt " + len(form).to_bytes(4, "little") + form + odd
                body += b"data" + len(raw).to_bytes(4, "little") + raw
                with open(path, "wb") as file:
                    file.write(b"RIFF" + len(body).to_bytes(4, "little") + body)
                got = wav.read(path)
                self.assertEqual((got.rate, got.channels, list(got.samples)), (8000, 2, values), bits)
                self.assertEqual(wav.info(path), (8000, 2, 2))
            text(path, "no sound")
            self.assertRaises(wav.WavError, wav.read, path)

    @unittest.skipUnless(shutil.which("ldd"), "ldd tells which libraries a program loads")
    def test_a_program_is_another_one_with_another_library(self):
        paths = [found[0] for found in quality.program_stamps(PROGRAMS[0]) if found]
        self.assertEqual(paths[0], PROGRAMS[0])
        self.assertTrue(any("sndfile" in os.path.basename(p) for p in paths[1:]), paths)

    def test_the_floor_is_mixed_exactly(self):
        dry = wav.Wav(RATE, 1, array.array("d", (1, -0.5, 0.25)))
        wet = wav.Wav(RATE, 1, array.array("d", (0, 0.5, 0.125)))
        self.assertEqual(list(wav.mix(dry, wet, 0.25).samples), [0.25, 0.25, 0.15625])
        wet.samples.pop()
        self.assertRaises(wav.WavError, wav.mix, dry, wet, 0.25)


class Quality(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        os.chdir(self.folder.name)
        draw = random.Random(SEED)
        self.names = [f"{u}_{n}_{s}.wav" for u in "abc" for n, s in (("hum", 0), ("rain", 10))]
        rows = ["file\tutterance\tnoise\tsnr"]
        for index, name in enumerate(self.names):
            u, n, s = name[:-4].split("_")
            rows.append(f"{name}\t{u}\t{n}\t{s}")
            clean = [0.3 * math.sin((0.05 + 0.01 * ord(u[0])) * i) * math.sin(0.0015 * i) ** 2
                     for i in range(FRAMES)]
            write("C/" + name, clean)
            write("N/" + name, [v + (0.1 + 0.02 * index) * draw.uniform(-1, 1) for v in clean])
        text("labels.tsv", "\n".join(rows) + "\n")
        os.mkdir("bin")
        for program in PROGRAMS:
            os.symlink(program, "bin/" + os.path.basename(program))
        for name, code in (("pesq", PESQ), ("scale", SCALE), ("never", NEVER)):
            text(name + ".py", code)
        here = os.path.dirname(SCRIPT)
        self.pesq = f"{sys.executable} {os.path.abspath('pesq.py')} {here}"
        self.scale = f"{sys.executable} {os.path.abspath('scale.py')} {here}"

    def tearDown(self):
        os.chdir("/")
        self.folder.cleanup()

    def command(self, *arguments):
        return [sys.executable, SCRIPT, "--bin", "bin", "--clean", "C", "--noisy", "N", *arguments]

    def bench(self, *arguments, code=0):
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=250)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def report(self, *arguments, code=0):
        done = self.bench(*arguments, "--json", "report.json", code=code)
        with open("report.json", encoding="utf-8") as file:
            return json.load(file), done

    def rms(self, name, gain):
        samples = wav.read("N/" + name).samples
        return 10 * gain * math.sqrt(sum(v * v for v in samples) / len(samples))

    def test_means_differences_and_groups_are_those_computed_by_hand(self):
        report, done = self.report("--peer", f"half={self.scale} 0.5 {{in}} {{out}}",
                                   "--pesq-command", self.pesq, "--labels", "labels.tsv")
        noisy, half = ({n: self.rms(n, g) for n in self.names} for g in (1, 0.5))
        got = {m["name"]: m for m in report["methods"]}
        for name in self.names:
            self.assertAlmostEqual(got["half"]["files"][name]["pesq"], half[name], 4)
        self.assertAlmostEqual(got["half"]["means"]["pesq"], sum(half.values()) / 6, 4)
        self.assertGreater(got["half"]["cpu"], 0)
        self.assertIsNone(got["noisy"]["cpu"])
        change = [sum(half[n] - noisy[n] for n in self.names if n[0] == u) / 2 for u in "abc"]
        centre = sum(change) / 3
        error = math.sqrt(sum((v - centre) ** 2 for v in change) / 2 / 3)
        found = next(d for d in report["differences"] if d["measure"] == "pesq")
        self.assertEqual((found["method"], found["against"], found["clusters"], found["files"]),
                         ("half", "noisy", 3, 6))
        self.assertAlmostEqual(found["mean"], centre, 4)
        self.assertAlmostEqual(found["half_width"], 4.302653 * error, 3)
        group = next(g for g in report["groups"]
                     if (g["column"], g["group"], g["measure"]) == ("noise", "rain", "pesq"))
        rain = [half[n] for n in self.names if "rain" in n]
        self.assertEqual(group["files"], 3)
        self.assertAlmostEqual(group["means"]["half"], sum(rain) / 3, 4)
        for title in ("PESQ by noise", "PESQ by snr", "ESTOI by snr", "Differences from noisy"):
            self.assertIn(title, done.stdout)
        self.assertIn(f"{centre:+.3f} ± {found['half_width']:.3f}", done.stdout)

    def test_the_floor_is_the_same_for_peers_ready_folders_and_sordino(self):
        floor = 10 ** (-6 / 20)
        for name in self.names:
            write("silent/" + name, [0] * FRAMES)
        report, _ = self.report("--peer", f"none={self.scale} 0 {{in}} {{out}}", "--ready",
                                "ready=silent", "--limit", "6", "--pesq-command", self.pesq)
        for method in report["methods"][1:]:
            for name in self.names:
                self.assertAlmostEqual(method["files"][name]["pesq"], self.rms(name, floor), 4)
        # What sordino does inside is what is done here to outputs without a floor.
        report, _ = self.report("--sordino", "inside=-m wiener", "--limit", "6", "--cache", "K")
        self.bench("--sordino", "without=-m wiener", "--cache", "K")
        outside, _ = self.report("--ready", "outside=K/without/out", "--limit", "6")
        for measure in ("si_sdr", "estoi"):
            self.assertAlmostEqual(report["methods"][1]["means"][measure],
                                   outside["methods"][1]["means"][measure], 4)

    def test_a_peer_that_fails_is_named_and_the_others_are_measured(self):
        text("fail.py", "import sys\nsys.exit('no licence for ' + sys.argv[1])\n")
        text("short.py", "import sys\nsys.path.insert(0, sys.argv[1])\nimport wav\nx = wav.read(sys.argv[2])\n"
             "del x.samples[10:]\nwav.write(sys.argv[3], x)\n")
        here, run = os.path.dirname(SCRIPT), sys.executable
        report, done = self.report(
            "--peer", f"bad={run} fail.py {{in}} {{out}}", "--peer", "lost=./not-there {in} {out}",
            "--peer", f"mute={run} -c pass {{in}} {{out}}",
            "--peer", f"short={run} short.py {here} {{in}} {{out}}",
            "--peer", f"half={self.scale} 0.5 {{in}} {{out}}", "-j", "1", code=1)
        self.assertEqual([m["name"] for m in report["methods"]], ["noisy", "half"])
        told = done.stderr.splitlines()
        self.assertEqual(len(told), 4, done.stderr)
        self.assertIn(f"quality.py: bad: {self.names[0]}: {run} ended with status 1: no licence", told[0])
        self.assertIn(f"quality.py: lost: {self.names[0]}: ./not-there cannot be run", told[1])
        self.assertIn("the command wrote no output", told[2])
        self.assertIn(f"the output has {RATE} Hz, 1 channels, 10 frames", told[3])

    def test_what_is_cached_is_not_run_again_until_it_changes(self):
        text("count.sh", 'echo x >> runs; cp "$1" "$2"\n')
        arguments = ("--peer", "copy=sh count.sh {in} {out}", "--cache", "K", "-j", "1")

        def runs():
            with open("runs", encoding="utf-8") as file:
                return len(file.readlines())

        first = self.bench(*arguments).stdout
        self.assertEqual(self.bench(*arguments).stdout, first)
        self.assertEqual(runs(), 6)
        write("N/" + self.names[0], [0.1] * FRAMES)
        self.assertNotEqual(self.bench(*arguments).stdout, first)
        self.assertEqual(runs(), 12)
        text("count.sh", 'echo xx >> runs; cp "$1" "$2"\n')
        self.bench(*arguments)
        self.assertEqual(runs(), 18)

    def test_outputs_that_are_late_are_told_of(self):
        for name in self.names:
            for folder, late in (("late", 40), ("right", 0)):
                samples = wav.read("C/" + name).samples
                write(f"{folder}/{name}", [0] * late + list(samples)[: FRAMES - late])
        report, done = self.report("--ready", "late=late", "--ready", "right=right", "--measures", "rmse")
        self.assertEqual([m["delay"] for m in report["methods"]], [None, 40, 0])
        self.assertEqual(done.stderr, "quality.py: late: its outputs seem 40 samples late, which costs scores\n")

    def test_help_tells_how_to_call_it(self):
        told = subprocess.run([sys.executable, SCRIPT, "--help"], capture_output=True, text=True)
        self.assertEqual((told.returncode, told.stderr), (0, ""))
        for word in ("--peer", "--limit", "--pesq-command", "{in}", "y = f x + (1 - f) y"):
            self.assertIn(word, told.stdout)

    def test_wrong_use_is_told(self):
        for arguments, words in (
            (("--peer", "x=cp {in} there"), "the command lacks {in} or {out}"),
            (("--peer", "x"), "is not of the form NAME=VALUE"),
            (("--ready", "x=nowhere"), "there is no such folder"),
            (("--ready", "noisy=N"), "'noisy' is taken"),
            (("--against", "y"), "there is no such method"),
            (("--limit", "nan"), "must be 0 dB or more"),
            (("--limit", "inf"), "must be 0 dB or more"),
            (("--json", "nowhere/x.json"), "there is no such folder"),
            (("--measures", "mos"), "there is no 'mos'"),
        ):
            self.assertIn(words, self.bench(*arguments, code=2).stderr)
        text("bad.tsv", "file\tnoise\na_hum_0.wav\thum\n")
        told = self.bench("--labels", "bad.tsv", code=1).stderr
        self.assertEqual(told, "quality.py: bad.tsv: has no line for a_rain_10.wav\n")
        os.remove("C/" + self.names[0])
        told = self.bench(code=1).stderr
        self.assertEqual(told, f"quality.py: C/{self.names[0]}: cannot be read: No such file or directory\n")

    def test_an_interrupt_ends_the_commands_and_leaves_nothing(self):
        for how in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with tempfile.TemporaryDirectory() as place:
                os.mkdir(place + "/pids")
                os.mkdir(place + "/tmp")
                bench = subprocess.Popen(
                    self.command("--cache", place + "/K", "-j", "2", "--peer",
                                 f"never={sys.executable} never.py {place}/pids {{in}} {{out}}"),
                    env={**os.environ, "TMPDIR": place + "/tmp"}, stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE, text=True)
                while len(os.listdir(place + "/pids")) < 2 and bench.poll() is None:
                    time.sleep(0.02)
                bench.send_signal(how)
                _, told = bench.communicate(timeout=60)
                self.assertEqual(bench.returncode, 130, told)
                self.assertEqual(told, "quality.py: interrupted; what was finished stays in the cache\n")
                for pid in os.listdir(place + "/pids"):
                    self.assertRaises(ProcessLookupError, os.kill, int(pid), 0)
                self.assertEqual(os.listdir(place + "/tmp"), [])
                self.assertEqual(os.listdir(place + "/K/never"), [])

    def test_markdown_has_as_many_cells_in_each_row(self):
        done = self.bench("--markdown", "--ready", "same=N", "--labels", "labels.tsv")
        table = [line.count("|") for line in done.stdout.split("\n\n")[1].splitlines()]
        self.assertEqual(len(table), 4)
        self.assertEqual(len(set(table)), 1)


if __name__ == "__main__":
    print(f"SORDINO_TEST_SEED={SEED}")
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
