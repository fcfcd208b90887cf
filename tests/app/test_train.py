"""sordino-train as a user has it: small runs on generated sound, and what it says when things fail.

    test_train.py SORDINO_TRAIN SORDINO
"""
import json
import math
import os
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import wave

TRAIN, SORDINO = sys.argv[1:3]

# A network that learns in seconds: two narrow blocks on bands, half a second at a time.
SMALL = ["--network", "speech-s", "--channels", "12", "--hidden", "16", "--dilations", "1,2",
         "--taps", "0", "--rates", "16000", "--seconds", "0.5", "--batch", "4", "--pool", "0",
         "--validation-items", "4", "--threads", "2", "--warm-up", "5"]
SOUND = ["--signal", "tones", "--noise", "hiss"]
LONG = 120  # s: no run here takes a tenth of it, but machines are shared


def train(*args, **more):
    return subprocess.run([TRAIN, *args], capture_output=True, text=True, timeout=LONG, **more)


def write_wav(path, samples, rate=16000):
    with wave.open(path, "wb") as f:
        f.setparams((1, 2, rate, 0, "NONE", ""))
        f.writeframes(b"".join(struct.pack("<h", int(32767 * max(-1, min(1, x)))) for x in samples))


def log_of(path):
    with open(path) as f:
        return [json.loads(line) for line in f]


def losses(path):
    return [line["loss"] for line in log_of(path) if "loss" in line]


class Base(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sordino-train-")
        self.addCleanup(shutil.rmtree, self.folder)

    def at(self, name):
        return os.path.join(self.folder, name)

    def bytes_of(self, name):
        with open(self.at(name), "rb") as f:
            return f.read()

    def check_refused(self, result, *words, code=1):
        self.assertEqual(result.returncode, code, result.stderr)
        lines = result.stderr.strip().splitlines()
        self.assertTrue(lines[-1].startswith("sordino-train: "), result.stderr)
        for word in words:
            self.assertIn(word, lines[-1])


class Runs(Base):
    def test_a_short_run_learns_and_its_model_denoises(self):
        result = train(*SMALL, "--signal", "tones", "--noise", "hum", "--hours", "0.3",
                       "--learning-rate", "5e-3", "--even-if-worse", "-o", self.at("m.safetensors"))
        self.assertEqual(result.returncode, 0, result.stderr)
        for name in ("m.safetensors", "m.md", "m.png", "m.jsonl", "m.checkpoint"):
            self.assertTrue(os.path.getsize(self.at(name)) > 0, name)
        found = [line["scores"] for line in log_of(self.at("m.jsonl")) if "scores" in line]
        noisy = log_of(self.at("m.jsonl"))[0]["baselines"]["noisy"]
        curve = losses(self.at("m.jsonl"))
        self.assertLess(curve[-1], 0.8 * curve[0])
        self.assertGreater(found[-1]["SI-SDR dB"], noisy["SI-SDR dB"] + 3)
        card = self.bytes_of("m.md").decode()
        for word in ("## Scores", "| Wiener |", "hum", "--hours 0.3", "seed 1"):
            self.assertIn(word, card)
        write_wav(self.at("in.wav"), [0.3 * math.sin(0.2 * i) for i in range(16000)])
        done = subprocess.run([SORDINO, "-q", "-m", self.at("m.safetensors"), self.at("in.wav"),
                               self.at("out.wav")], capture_output=True, text=True, timeout=LONG)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_one_seed_gives_one_model_whatever_the_threads(self):
        for name, more in (("a", []), ("b", ["--threads", "1"]), ("c", ["--seed", "2"])):
            result = train(*SMALL, *SOUND, "--hours", "0.02", "--even-if-worse", *more, "-o",
                           self.at(name + ".safetensors"))
            self.assertEqual(result.returncode, 0, result.stderr)
        weights = []
        for name in "abc":
            raw = self.bytes_of(name + ".safetensors")
            weights.append(raw[8 + struct.unpack("<Q", raw[:8])[0]:])
        self.assertEqual(weights[0], weights[1])
        self.assertNotEqual(weights[0], weights[2])

    def test_resuming_gives_what_no_interruption_gives(self):
        for more in (["--muon", "--channels", "16"], ["--norm"]):
            options = [*SMALL, *SOUND, *more, "--hours", "0.15", "--even-if-worse",
                       "--validate-every", "0.03"]
            self.assertEqual(train(*options, "-o", self.at("whole.safetensors")).returncode, 0)
            process = subprocess.Popen([TRAIN, *options, "-o", self.at("cut.safetensors")],
                                       stderr=subprocess.PIPE, text=True)
            end = time.time() + LONG
            while time.time() < end and process.poll() is None:
                if os.path.exists(self.at("cut.jsonl")) and any(
                        line.get("step", 0) > 30 for line in self.lines_so_far("cut.jsonl")):
                    break
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=LONG)[1]
            self.assertEqual(process.returncode, 130, said)
            self.assertIn("--resume", said)
            self.assertFalse(os.path.exists(self.at("cut.safetensors")))
            result = train(*options, "--resume", "-o", self.at("cut.safetensors"))
            self.assertEqual(result.returncode, 0, result.stderr)
            tensors = []
            for name in ("whole", "cut"):
                raw = self.bytes_of(name + ".safetensors")
                tensors.append(raw[8 + struct.unpack("<Q", raw[:8])[0]:])
            self.assertEqual(tensors[0], tensors[1])
            steps = [line["step"] for line in log_of(self.at("cut.jsonl")) if "step" in line]
            self.assertEqual(steps, sorted(steps))
            for name in os.listdir(self.folder):
                os.remove(self.at(name))

    def lines_so_far(self, name):
        with open(self.at(name)) as f:
            for line in f:
                if line.endswith("\n"):
                    yield json.loads(line)

    def test_a_sensor_model_goes_from_noise_in_a_file_to_a_trace(self):
        write_wav(self.at("noise.wav"), [0.2 * math.sin(1.3 * i * i) for i in range(8000)], 360)
        result = train("--signal", "ecg", "--noise", self.at("noise.wav"), "--channels", "8",
                       "--hidden", "8", "--dilations", "1,2,4", "--seconds", "1", "--batch", "4",
                       "--hours", "0.3", "--validation-items", "4", "--even-if-worse", "-o",
                       self.at("m.safetensors"))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("FIR Wiener", result.stderr)
        self.assertIn("Kalman", result.stderr)
        with open(self.at("in.csv"), "w") as f:
            f.write("".join(f"{math.sin(0.1 * i):.5f}\n" for i in range(500)))
        done = subprocess.run([SORDINO, "-q", "-m", self.at("m.safetensors"), "--rate", "360",
                               self.at("in.csv"), self.at("out.csv")], capture_output=True, text=True,
                              timeout=LONG)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_model_is_trained_further(self):
        first = train(*SMALL, *SOUND, "--hours", "0.05", "--even-if-worse", "-o",
                      self.at("a.safetensors"))
        self.assertEqual(first.returncode, 0, first.stderr)
        start = losses(self.at("a.jsonl"))[0]
        result = train(*SMALL, *SOUND, "--hours", "0.05", "--even-if-worse", "--from",
                       self.at("a.safetensors"), "--seed", "5", "-o", self.at("b.safetensors"))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertLess(losses(self.at("b.jsonl"))[0], start)

    def test_a_loser_is_not_written_unless_forced(self):
        options = [*SMALL, *SOUND, "--hours", "0.003", "-o", self.at("m.safetensors")]
        result = train(*options)
        self.check_refused(result, "m.safetensors", "--even-if-worse", code=3)
        self.assertFalse(os.path.exists(self.at("m.safetensors")))
        self.assertGreater(os.path.getsize(self.at("m.rejected.safetensors")), 0)
        result = train(*options, "--resume", "--even-if-worse")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue(os.path.exists(self.at("m.safetensors")))
        self.assertFalse(os.path.exists(self.at("m.rejected.safetensors")))

    def test_a_loss_that_is_not_finite_goes_back_and_says_so(self):
        result = train(*SMALL, *SOUND, "--hours", "0.02", "--even-if-worse", "--learning-rate", "1",
                       "--clip", "0", "--warm-up", "0", "--norm", "--power", "1", "--error", "0",
                       "--multi-stft", "1", "--l2", "1000000", "-o", self.at("m.safetensors"))
        if result.returncode != 0:
            self.check_refused(result, "not finite", "--learning-rate")
            self.assertIn("went back", result.stderr)

    def test_previews_are_written(self):
        for length in ([], ["--seconds", "1"]):
            result = train("--preview", self.at("p"), "--signal", "ecg", "--noise", "hiss", *length)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("ecg-1.wav", os.listdir(self.at("p")))
            self.assertIn("hiss-1.wav", os.listdir(self.at("p")))
            shutil.rmtree(self.at("p"))


class Refusals(Base):
    def test_help_and_version(self):
        self.assertIn("--noise-from FILE START-END", train("--help").stdout)
        self.assertTrue(train("--version").stdout.startswith("sordino-train "))

    def test_usage(self):
        out = ["-o", self.at("m.safetensors")]
        for options, words in (
                ([], ["-o FILE"]),
                (out, ["--noise"]),
                (["--nonsense"], ["--nonsense"]),
                (["--hours"], ["--hours", "value"]),
                (["--hours", "many"], ["'many'", "hours"]),
                (["--batch", "0"], ["batch", "1 to 4096"]),
                (["--seed", "0x10"], ["--seed", "'0x10'"]),
                (["--steps", "1.5"], ["--steps", "whole number"]),
                ([*out, "--noise", "hiss", "--rates", "0x3e80"], ["0x3e80"]),
                ([*out, "--noise", "hiss", "--dilations", "1,0x2"], ["1,0x2"]),
                ([*out, "--noise", "hiss", "--validation-snr", "0x1"], ["0x1"]),
                (["--ouptut", "x"], ["did you mean --output?"]),
                (["--batch", "2.5"], ["batch", "whole"]),
                (["--hours", "nan"], ["'nan'", "hours"]),
                ([*out, "--noise", "hiss", "--signal", "yodel"], ["yodel"]),
                ([*out, "--noise", "hiss", "--rates", "16k"], ["16k"]),
                (["stray"], ["stray"])):
            with self.subTest(options=options):
                result = train(*options)
                self.assertIn(result.returncode, (1, 2), result.stderr)
                for word in words:
                    self.assertIn(word, result.stderr)
                self.assertEqual(result.stderr.strip().count("\n"), 0, result.stderr)

    def test_recipes_name_the_line(self):
        with open(self.at("r"), "w") as f:
            f.write("# a comment\nhours 0.5\n\nbatch many # of them\n")
        self.check_refused(train("--recipe", self.at("r")), "r: line 4", "'many'", code=2)
        self.check_refused(train("--recipe", self.at("none")), "none", code=2)

    def test_noise_that_is_not_there(self):
        os.mkdir(self.at("empty"))
        os.mkdir(self.at("text"))
        with open(self.at("text/readme.txt"), "w") as f:
            f.write("nothing to hear\n")
        with open(self.at("broken.wav"), "w") as f:
            f.write("no sound\n")
        write_wav(self.at("silence.wav"), [0] * 16000)
        for name, word in (("absent", "No such file"), ("empty", "no sound file"),
                           ("text", "no sound file"), ("broken.wav", "no sound file"),
                           ("silence.wav", "silence")):
            with self.subTest(noise=name):
                result = train("--noise", self.at(name), "--signal", "tones", "-o", self.at("m"))
                self.check_refused(result, name, word)
                self.assertFalse(os.path.exists(self.at("m")))

    def test_a_folder_of_two_noises_does_beside_what_is_none(self):
        os.mkdir(self.at("few"))
        for name, step in (("fan.wav", 1.3), ("tap.wav", 0.7)):
            write_wav(self.at("few/" + name), [0.2 * math.sin(step * i * i) for i in range(48000)])
        write_wav(self.at("few/silence.wav"), [0] * 16000)
        with open(self.at("few/broken.wav"), "w") as f:
            f.write("no sound\n")
        options = [*SMALL, "--noise", self.at("few"), "--signal", "tones", "--hours", "0.01",
                   "--force", "--even-if-worse", "-o", self.at("m.safetensors")]
        result = train(*options)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("broken.wav", result.stderr)
        self.check_refused(train(*options, "--held-out", "0"), "noise", "--held-out")

    def test_nothing_is_overwritten(self):
        with open(self.at("m.safetensors"), "w") as f:
            f.write("precious")
        result = train(*SMALL, *SOUND, "--hours", "0.01", "-o", self.at("m.safetensors"))
        self.check_refused(result, "--force")
        self.assertEqual(self.bytes_of("m.safetensors"), b"precious")

    def test_resuming_something_else_is_refused(self):
        options = [*SMALL, *SOUND, "--hours", "0.01", "--force", "--even-if-worse", "-o",
                   self.at("m.safetensors")]
        self.check_refused(train(*options, "--resume"), "m.checkpoint")
        self.assertEqual(train(*options).returncode, 0)
        self.check_refused(train(*options, "--resume", "--seed", "9"), "settings", "'seed 9'")
        with open(self.at("m.checkpoint"), "r+b") as f:
            f.seek(5000)
            f.write(b"\x00\x01\x02\x03")
        self.check_refused(train(*options, "--resume"))

    def test_a_full_disk_keeps_the_last_checkpoint(self):
        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (30000, 30000))
        options = [*SMALL, *SOUND, "--force", "--even-if-worse", "-o", self.at("m.safetensors")]
        self.assertEqual(train(*options, "--hours", "0.01").returncode, 0)
        before = self.bytes_of("m.checkpoint")
        result = train(*options, "--hours", "0.02", "--resume", preexec_fn=small_files)
        self.check_refused(result, "checkpoint")
        self.assertEqual(self.bytes_of("m.checkpoint"), before)
        self.assertEqual([n for n in os.listdir(self.folder) if n.startswith(".")], [])
        self.assertEqual(train(*options, "--hours", "0.02", "--resume").returncode, 0)

    def test_too_little_memory_is_said(self):
        if os.environ.get("SORDINO_SANITIZED"):
            self.skipTest("sanitizers want address space")

        def little():
            resource.setrlimit(resource.RLIMIT_AS, (600 << 20, 600 << 20))
        result = train(*SOUND, "--rates", "16000", "--batch", "64", "--lanes", "1", "--norm",
                       "--seconds", "30", "--hours", "1", "-o", self.at("m"), preexec_fn=little)
        self.check_refused(result, "memory")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
