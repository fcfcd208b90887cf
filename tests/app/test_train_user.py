"""sordino-train as a person meets it who wants a model for a noise of their own: where it starts,
what is refused and why, what is replaced, how a run goes on.

    test_train_user.py SORDINO_TRAIN
"""
import json
import math
import os
import random
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

TRAIN = os.path.abspath(sys.argv[1])

# A network that learns in seconds: two narrow blocks on bands, half a second at a time.
SMALL = ["--network", "speech-s", "--channels", "12", "--hidden", "16", "--dilations", "1,2",
         "--taps", "0", "--rates", "16000", "--seconds", "0.5", "--batch", "4", "--pool", "0",
         "--validation-items", "4", "--threads", "2", "--warm-up", "5"]
SOUND = ["--signal", "tones", "--noise", "hiss"]
# The built-in model, a few steps of little.
SPEECH = ["--rates", "16000", "--seconds", "1", "--batch", "2", "--pool", "0", "--lanes", "2",
          "--validation-items", "4", "--threads", "2"]
SENSOR = ["--channels", "8", "--hidden", "8", "--dilations", "1,2,4", "--samples", "500",
          "--batch", "4", "--validation-items", "4", "--threads", "2"]
LONG = 240  # s: no run here takes a tenth of it, but machines are shared


def train(*args, **more):
    return subprocess.run([TRAIN, *args], capture_output=True, text=True, timeout=LONG, **more)


def write_wav(path, samples, rate=16000):
    with wave.open(path, "wb") as f:
        f.setparams((1, 2, rate, 0, "NONE", ""))
        f.writeframes(b"".join(struct.pack("<h", int(32767 * max(-1, min(1, x)))) for x in samples))


def hiss(seed, seconds, rate=16000, level=0.1):
    draw = random.Random(seed)
    return [draw.gauss(0, level) for _ in range(int(seconds * rate))]


class Base(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sordino-train-")
        self.addCleanup(shutil.rmtree, self.folder)

    def at(self, name):
        return os.path.join(self.folder, name)

    def bytes_of(self, name):
        with open(self.at(name), "rb") as f:
            return f.read()

    def text_of(self, name):
        return self.bytes_of(name).decode()

    def tensors_of(self, name):
        raw = self.bytes_of(name)
        return raw[8 + struct.unpack("<Q", raw[:8])[0]:]

    def metadata_of(self, name):
        raw = self.bytes_of(name)
        return json.loads(raw[8:8 + struct.unpack("<Q", raw[:8])[0]])["__metadata__"]

    def log_of(self, name):
        return [json.loads(line) for line in self.text_of(name).splitlines()]

    def check_refused(self, result, *words, code=1):
        self.assertEqual(result.returncode, code, result.stderr)
        lines = result.stderr.strip().splitlines()
        self.assertTrue(lines[-1].startswith("sordino-train: "), result.stderr)
        for word in words:
            self.assertIn(word, lines[-1])

    def check_done(self, result):
        self.assertEqual(result.returncode, 0, result.stderr)


class Starting(Base):
    def test_speech_starts_from_the_built_in_model(self):
        write_wav(self.at("noise.wav"), hiss(1, 6))
        result = train(*SPEECH, "--noise", self.at("noise.wav"), "--signal", "speech", "--steps", "4",
                       "--even-if-worse", "-o", self.at("m.safetensors"))
        self.check_done(result)
        settings = self.metadata_of("m.safetensors")["sordino.settings"].splitlines()
        self.assertIn("from speech", settings)
        self.assertIn("tune yes", settings)
        self.assertIn("| start model |", self.text_of("m.md"))
        baselines = self.log_of("m.jsonl")[0]["baselines"]
        self.assertGreater(baselines["start model"]["SI-SDR dB"], baselines["noisy"]["SI-SDR dB"])
        # It is the first of those that the best is chosen from: never worse on what chooses.
        scores = json.loads(self.metadata_of("m.safetensors")["sordino.scores"])
        merit = {name: s["SI-SDR dB"] + 20 * s["ESTOI"] for name, s in scores.items()}
        self.assertGreaterEqual(merit["model"] + 1e-3, merit["start model"])
        # What the figures to beat are is told before any step.
        before = result.stderr[:result.stderr.index("learning rate")]
        for name in ("noisy: ", "Wiener: ", "start model: "):
            self.assertIn(name, before)

    def test_nothing_is_a_start_too(self):
        for more in (["--from", "nothing"], ["--network", "speech-s"]):
            result = train(*SPEECH, *more, "--channels", "8", "--hidden", "8", "--noise", "hiss",
                           "--signal", "speech", "--steps", "2", "--force", "--even-if-worse", "-o",
                           self.at("m.safetensors"))
            self.check_done(result)
            self.assertNotIn("start model", result.stderr + self.text_of("m.md"))

    def test_a_run_that_gains_nothing_is_kept_aside(self):
        result = train(*SPEECH, "--noise", "hiss", "--signal", "speech", "--steps", "2",
                       "--learning-rate", "0", "-o", self.at("m.safetensors"))
        self.check_refused(result, "m.safetensors: not written", "started from",
                           "m.rejected.safetensors", "--resume --minutes 10", code=3)
        self.assertEqual(sorted(os.listdir(self.folder)),
                         ["m.checkpoint", "m.jsonl", "m.md", "m.png", "m.rejected.safetensors"])

    def test_learning_rates_are_tried_and_the_choice_repeats(self):
        options = [*SMALL, *SOUND, "--find-rate", "--learning-rate", "5e-3", "--hours", "0.2",
                   "--even-if-worse"]
        for name, more in (("a", []), ("b", ["--threads", "1"])):
            result = train(*options, *more, "-o", self.at(name + ".safetensors"))
            self.check_done(result)
            self.assertIn("learning rate of", result.stderr)
        self.assertEqual(self.tensors_of("a.safetensors"), self.tensors_of("b.safetensors"))
        # Killed at once, in the midst of the trial, and gone on with.
        process = subprocess.Popen([TRAIN, *options, "-o", self.at("c.safetensors")],
                                   stderr=subprocess.DEVNULL)
        end = time.time() + LONG
        while not os.path.exists(self.at("c.checkpoint")) and time.time() < end:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.check_done(train("--resume", "--even-if-worse", "-o", self.at("c.safetensors")))
        self.assertEqual(self.tensors_of("a.safetensors"), self.tensors_of("c.safetensors"))


class Files(Base):
    OPTIONS = [*SMALL, *SOUND, "--hours", "0.01", "--even-if-worse"]

    def test_nothing_is_replaced_without_being_asked(self):
        for name in ("m.safetensors", "m.checkpoint", "m.jsonl", "m.md", "m.png"):
            with self.subTest(name=name):
                with open(self.at(name), "w") as f:
                    f.write("precious")
                result = train(*self.OPTIONS, "-o", self.at("m.safetensors"))
                self.check_refused(result, name, "--force")
                self.assertEqual(os.listdir(self.folder), [name])
                self.assertEqual(self.bytes_of(name), b"precious")
                self.check_done(train(*self.OPTIONS, "--force", "-o", self.at("m.safetensors")))
                for other in os.listdir(self.folder):
                    os.remove(self.at(other))

    def test_force_does_not_write_a_loser(self):
        options = [*SMALL, *SOUND, "--hours", "0.003", "-o", self.at("m.safetensors")]
        with open(self.at("m.safetensors"), "w") as f:
            f.write("a good one")
        self.check_refused(train(*options, "--force"), "rejected", code=3)
        self.assertEqual(self.bytes_of("m.safetensors"), b"a good one")

    def test_a_run_goes_on_by_resume_alone(self):
        options = [*self.OPTIONS, "--seed", "7", "--validate-every", "0.004"]
        self.check_done(train(*options, "-o", "m.safetensors", cwd=self.folder))
        first = self.log_of("m.jsonl")
        self.check_done(train("--resume", "--hours", "0.02", "--even-if-worse", cwd=self.folder))
        self.assertGreater(len(self.log_of("m.jsonl")), len(first))
        self.assertEqual(self.metadata_of("m.safetensors")["sordino.seed"], "7")
        self.check_refused(train("--resume", "--seed", "8", cwd=self.folder), "seed 7", "seed 8")
        self.check_refused(train("--resume", "--noise", "hum", cwd=self.folder), "noise hiss",
                           "noise hum")

    def test_a_checkpoint_cut_short_is_called_that(self):
        options = [*self.OPTIONS, "-o", self.at("m.safetensors")]
        self.check_done(train(*options))
        whole = self.bytes_of("m.checkpoint")
        for size in (0, 5, 100, len(whole) // 2, len(whole) - 1):
            with open(self.at("m.checkpoint"), "wb") as f:
                f.write(whole[:size])
            self.check_refused(train(*options, "--resume"), "m.checkpoint is cut short")

    def test_what_is_redirected_holds_no_controls(self):
        result = subprocess.run([TRAIN, *self.OPTIONS, "-o", self.at("m.safetensors")],
                                capture_output=True, timeout=LONG)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertNotIn(b"\r", result.stderr + result.stdout)
        self.assertNotIn(b"\x1b", result.stderr + result.stdout)
        self.assertIn(b"SI-SDR", result.stderr)


class Recordings(Base):
    """What goes in is looked at, and what is held out is held out."""
    SHORT = [*SMALL, "--signal", "tones", "--steps", "2", "--even-if-worse"]

    def tell(self, *options, code=0):
        result = train(*self.SHORT, *options, "--force", "-o", self.at("m.safetensors"))
        self.assertEqual(result.returncode, code, result.stderr)
        return result.stderr

    def folder_of(self, name, **files):
        os.makedirs(self.at(name))
        for file, samples in files.items():
            write_wav(self.at(f"{name}/{file}.wav"), samples)
        return self.at(name)

    def test_copies_of_one_file_are_one_recording(self):
        one = hiss(1, 5)
        folder = self.folder_of("n", **{f"take-{i}": one for i in range(6)},
                                louder=[0.5 * x for x in one])
        said = self.tell("--noise", folder)
        self.assertIn("and 3 more are copies", said)
        self.assertIn("the same as", said)
        self.assertIn("noise, 1 recording, 5 s at 16000 Hz", said)
        self.assertIn("is cut in two: its first 4 s are trained with, its last 1 s are scored with", said)

    def test_near_copies_stay_on_one_side(self):
        files = {f"{chr(97 + i) * 3}": hiss(50 + i, 4) for i in range(12)}
        files.update({f"copy{i}": [0.6 * x for x in hiss(50 + i, 4)][4000:] for i in range(12)})
        folder = self.folder_of("n", **files)
        said = self.tell("--noise", folder, "--held-out", "0.3")
        self.assertIn("and 9 more are copies", said)
        self.assertIn("much the same as", said)
        self.assertIn("kept on its side", said)

    def test_links_are_followed_once(self):
        folder = self.folder_of("n/inner", a=hiss(1, 4), b=hiss(2, 4))
        write_wav(self.at("other.wav"), hiss(3, 4))
        os.symlink(folder, os.path.join(folder, "self"))
        os.symlink("..", os.path.join(folder, "parent"))
        os.symlink(self.at("."), os.path.join(folder, "root"))
        os.symlink(os.path.join(folder, "a.wav"), os.path.join(folder, "c.wav"))
        said = self.tell("--noise", folder)
        self.assertIn("noise, 2 recordings, 8 s", said)
        self.assertIn("are links back to folders above", said)
        self.assertIn("c.wav (the same as a.wav, left out) is a copy", said)

    def test_a_silent_test_part_is_called_that(self):
        write_wav(self.at("n.wav"), hiss(1, 4) + [0] * 16000)
        result = train(*self.SHORT, "--noise", self.at("n.wav"), "-o", self.at("m.safetensors"))
        self.check_refused(result, "n.wav is silent in the part that is kept for scoring")

    def test_what_is_amiss_is_told_before_training(self):
        draw = random.Random(5)
        clipped = [max(-0.5, min(0.5, draw.gauss(0, 0.5))) for _ in range(64000)]
        folder = self.folder_of("n", short=hiss(1, 0.3), silent=[0] * 32000, clipped=clipped,
                                offset=[0.5 + x for x in hiss(2, 2, level=0.01)], good=hiss(3, 4))
        with open(self.at("n/nan.wav"), "wb") as f:
            samples = [float("nan") if i % 100 == 0 else 0.1 * draw.gauss(0, 1) for i in range(32000)]
            data = struct.pack(f"<{len(samples)}f", *samples)
            f.write(b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " +
                    struct.pack("<IHHIIHH", 16, 3, 1, 16000, 64000, 4, 32) + b"data" +
                    struct.pack("<I", len(data)) + data)
        said = self.tell("--noise", folder, "--held-out", "0.3")
        for words in ("short.wav (0.3 s, 4800 samples) is very short", "silent.wav is silent",
                      "clipped.wav (", "is clipped", "offset.wav (0.5) has an offset",
                      "nan.wav (320 of them) has samples that are no numbers"):
            self.assertIn(words, said)
        self.assertLess(said.index("short.wav ("), said.index("noisy: "))

    def test_voices_in_noise_and_noise_in_clean_signals(self):
        self.assertEqual(train("--preview", self.at("p"), "--signal", "speech").returncode, 0)
        voice = self.at("p/speech-1.wav")
        said = self.tell("--noise", voice, "--clean", self.at("p"), "--held-out", "0.4")
        self.assertIn("seems to hold a voice", said)
        self.assertNotIn("noise of its own", said)
        raw = self.bytes_of("p/speech-1.wav")
        at = raw.index(b"data")
        n, rate = struct.unpack("<I", raw[at + 4:at + 8])[0] // 4, struct.unpack("<I", raw[24:28])[0]
        samples = struct.unpack(f"<{n}f", raw[at + 8:at + 8 + 4 * n])
        draw = random.Random(3)
        for name in ("a", "b", "c"):
            write_wav(self.at(f"p/{name}.wav"), [x + draw.gauss(0, 0.05) for x in samples], rate)
        self.assertIn("in the pauses", self.tell("--noise", "hiss", "--clean", self.at("p")))

    def test_hours_of_noise_take_little_memory(self):
        if os.environ.get("SORDINO_SANITIZED"):
            self.skipTest("sanitizers want address space")
        second = struct.pack("<48000h", *(int(3000 * x) for x in hiss(1, 1, 48000, 1)))
        with wave.open(self.at("long.wav"), "wb") as f:
            f.setparams((1, 2, 48000, 0, "NONE", ""))
            for _ in range(2 * 3600):
                f.writeframesraw(second)

        def little():
            resource.setrlimit(resource.RLIMIT_AS, (1500 << 20, 1500 << 20))
        result = train(*self.SHORT, "--noise", self.at("long.wav"), "-o", self.at("m.safetensors"),
                       preexec_fn=little)
        self.check_done(result)
        self.assertIn("long.wav lasts 2 h; passages of 20 minutes in all", result.stderr)


class Sensors(Base):
    """The rates are those of the recordings, or what does not fit is said."""
    SHORT = [*SENSOR, "--steps", "2", "--even-if-worse", "--force"]

    def front_end(self):
        return json.loads(self.metadata_of("m.safetensors")["sordino.front_end"])

    def test_a_recording_of_noise_gives_the_rate(self):
        write_wav(self.at("n.wav"), hiss(1, 20, 250), 250)
        self.check_done(train(*self.SHORT, "--signal", "ecg", "--noise", self.at("n.wav"), "-o",
                              self.at("m.safetensors")))
        self.assertEqual(self.front_end()["rate"], 250)
        card = self.text_of("m.md")
        self.assertIn("Sample rates: 250 Hz.", card)
        self.assertIn("the end of n.wav, 4 s at 250 Hz", card)
        self.assertIn("recorded noise, 2 recordings, 16 s", card)

    def test_slow_clean_recordings_are_a_sensor_s(self):
        os.mkdir(self.at("c"))
        for i in range(4):
            write_wav(self.at(f"c/{i}.wav"), [0.5 * math.sin(0.1 * k + i) for k in range(5000)], 250)
        self.check_done(train(*self.SHORT, "--clean", self.at("c"), "--noise", "hiss", "-o",
                              self.at("m.safetensors")))
        self.assertEqual(self.front_end()["rate"], 250)
        self.check_done(train("--score", self.at("m.safetensors"), "--clean", self.at("c"), "--noise",
                              "hiss", "--validation-items", "4"))

    def test_rates_that_do_not_fit_are_named(self):
        write_wav(self.at("n.wav"), hiss(1, 2, 16000), 16000)
        write_wav(self.at("slow.wav"), hiss(1, 20, 250), 250)
        for options, words in ((["--signal", "ecg", "--noise", "n.wav"], ["16000 Hz", "ecg", "--rates"]),
                               (["--signal", "speech", "--noise", "slow.wav"], ["250 Hz", "sensor"])):
            self.check_refused(train(*self.SHORT, *options, "-o", "m.safetensors", cwd=self.folder),
                               *words, code=2)
        self.check_done(train(*self.SHORT, "--signal", "ecg", "--noise", "n.wav", "--rates", "360",
                              "-o", "m.safetensors", cwd=self.folder))

    def test_tables_are_recordings_too(self):
        os.mkdir(self.at("c"))
        with open(self.at("n.csv"), "w") as f: # in volts, and tiny
            f.write("time,volt\n")
            f.write("".join(f"{i / 250:.4f},{x * 1e-9:.6e}\n" for i, x in enumerate(hiss(1, 20, 250))))
        for i in range(3):
            with open(self.at(f"c/{i}.tsv"), "w") as f:
                f.write("".join(f"{k / 250:.4f}\t{math.sin(0.1 * k + i):.5f}\n" for k in range(5000)))
        result = train(*self.SHORT, "--clean", self.at("c"), "--noise", self.at("n.csv"), "-o",
                       self.at("m.safetensors"))
        self.check_done(result)
        self.assertEqual(self.front_end()["rate"], 250)
        self.assertIn("noise, 1 recording, 20 s at 250 Hz", result.stderr)
        self.assertIn("clean signal, 3 recordings, 60 s at 250 Hz", result.stderr)

    def test_a_table_without_times_needs_a_rate(self):
        with open(self.at("n.csv"), "w") as f:
            f.write("".join(f"{x:.5f}\n" for x in hiss(1, 20, 250)))
        options = [*self.SHORT, "--signal", "ecg", "--noise", self.at("n.csv"), "-o",
                   self.at("m.safetensors")]
        self.check_refused(train(*options), "n.csv has no times", "--rates")
        self.check_done(train(*options, "--rates", "250"))
        self.assertEqual(self.front_end()["rate"], 250)

    def test_the_built_in_model_for_sensors_is_a_start(self):
        self.check_done(train("--from", "sensor", "--signal", "ecg", "--noise", "hiss", "--steps", "3",
                              "--samples", "500", "--batch", "2", "--validation-items", "4",
                              "--even-if-worse", "-o", self.at("m.safetensors")))
        self.assertIn("| start model |", self.text_of("m.md"))


class Settings(Base):
    def refused(self, *options, words, code=1):
        result = train(*options, "-o", self.at("m.safetensors"))
        self.check_refused(result, *words, code=code)
        self.assertEqual(os.listdir(self.folder), [])

    def test_settings_that_would_do_nothing(self):
        for more, word in ((["--channels", "32"], "--channels"), (["--network", "speech-l"], "--network"),
                           (["--hop", "0.005"], "--hop"), (["--features", "level"], "--features"),
                           (["--kernel", "5"], "--kernel"), (["--taps", "1"], "--taps")):
            self.refused("--noise", "hiss", "--from", "speech", *more,
                         words=[word, "ignored", "--from nothing"])
        self.refused("--noise", "hiss", "--from", "nothing", "--tune", words=["--tune"], code=2)

    def test_weights_are_above_nothing(self):
        for item in ("hum:-1", "hum:0", "hum:nan"):
            self.refused("--noise", item, "--signal", "tones", words=[item, "weight"])
        self.refused("--noise", "hiss", "--signal", "tones:-1", words=["tones:-1", "weight"])

    def test_kinds_of_noise_may_stand_in_one_list(self):
        self.check_done(train(*SMALL, "--signal", "tones", "--noise", "hum,fan:2", "--steps", "2",
                              "--even-if-worse", "-o", self.at("m.safetensors")))
        card = self.text_of("m.md")
        self.assertIn("noise 33.3 %: hum", card)
        self.assertIn("noise 66.7 %: fan", card)

    def test_rates_that_no_model_for_sound_serves(self):
        for rates in ("7000", "16000,200000", "16000:1,200000:1"):
            self.refused("--noise", "hiss", "--signal", "tones", "--rates", rates,
                         words=["00 Hz", "8000 to 192000"], code=2)
            self.check_refused(train("--score", "speech", "--noise", "hiss", "--signal", "speech",
                                     "--rates", rates), "00 Hz", "8000 to 192000", code=2)

    def test_sound_and_sensors_do_not_mix(self):
        self.refused("--noise", "hiss", "--signal", "speech,ecg", words=["speech", "ecg"], code=2)
        self.refused("--noise", "hiss", "--signal", "ecg", "--network", "speech-s",
                     words=["speech-s", "ecg"], code=2)
        for options in (["--from", "speech", "--signal", "ecg"], ["--from", "sensor", "--signal", "tones"]):
            self.refused("--noise", "hiss", *options, words=[options[1], "a model for"])
        self.check_refused(train("--score", "speech", "--noise", "hiss", "--signal", "ecg"),
                           "speech is a model for sound")

    def test_built_in_models_are_exported(self):
        result = train("--export-onnx", "sensor", self.at("m.onnx"))
        if "not in this build" in train("--help").stdout:
            self.check_refused(result)
        else:
            self.check_done(result)
            self.assertGreater(os.path.getsize(self.at("m.onnx")), 1000)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
