"""sordino as a user has it: lengths, formats, metadata, folders, options, faults, signals.

    test_sordino.py SORDINO MODELS

MODELS holds net-bands.safetensors and net-wave.safetensors.
"""
import array
import json
import math
import os
import pty
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

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, by children too

TOOL = os.path.abspath(sys.argv[1])
MODELS = os.path.abspath(sys.argv[2])
SEED = int(os.environ.get("SORDINO_TEST_SEED", "1"))
BIG = os.environ.get("SORDINO_TEST_BIG") == "1"
SANITIZED = b"__asan_init" in open(TOOL, "rb").read() or b"libasan" in open(TOOL, "rb").read()


def run(*arguments, code=0, **more):
    done = subprocess.run(
        [TOOL, *map(str, arguments)], capture_output=True, timeout=280, **more
    )
    assert done.returncode == code, (arguments, done.returncode, done.stdout[-500:], done.stderr)
    return done


def fails(*arguments, code=1, **more):
    """The one line that tells why, without the program's name."""
    lines = run(*arguments, code=code, **more).stderr.decode().splitlines()
    assert len(lines) == 1 and lines[0].startswith("sordino: "), lines
    assert not lines[0].endswith("."), lines
    return lines[0][len("sordino: "):]


def draw(n, channels=1, level=0.2):
    """Noise with a tone that comes and goes; n frames, interleaved."""
    noise = random.Random(SEED)
    out = []
    for i in range(n):
        tone = 0.3 * math.sin(0.19 * i) * (i % 4000 < 2000)
        out.extend(tone + level * noise.uniform(-1, 1) for _ in range(channels))
    return out


def pcm_bytes(samples, width):
    full = 1 << (8 * width - 1)
    whole = (max(-full, min(full - 1, round(full * v))) for v in samples)
    if width == 1:
        return bytes(v + 128 for v in whole)
    return b"".join(v.to_bytes(width, "little", signed=True) for v in whole)


def write_wav(path, samples, rate=16000, channels=1, width=2):
    with wave.open(path, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(pcm_bytes(samples, width))


def float_wav(path, samples, rate=16000, channels=1):
    data = array.array("f", samples).tobytes()
    fmt = struct.pack("<HHIIHH", 3, channels, rate, rate * channels * 4, channels * 4, 32)
    with open(path, "wb") as file:
        file.write(b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<I", 16))
        file.write(fmt + b"data" + struct.pack("<I", len(data)) + data)


def contents(path):
    with open(path, "rb") as file:
        return file.read()


def chunks(path):
    """The chunks of a RIFF file: name -> bytes."""
    data, at, found = contents(path), 12, {}
    while at + 8 <= len(data):
        size = struct.unpack_from("<I", data, at + 4)[0]
        found[data[at:at + 4].decode("latin-1")] = data[at + 8:at + 8 + size]
        at += 8 + size + size % 2
    return found


def read_floats(path):
    return array.array("f", chunks(path)["data"])


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        os.chdir(self.folder.name)

    def tearDown(self):
        os.chdir("/")
        self.folder.cleanup()

    def assertNoRemains(self):
        for folder, _, names in os.walk("."):
            for name in names:
                self.assertNotIn(".sordino-", name, folder)


class Files(Folder):
    def test_every_rate_and_number_of_channels_keeps_length_and_place(self):
        for rate in (8000, 11025, 16000, 22050, 44100, 48000, 96000, 192000):
            for channels in (1, 2, 6):
                samples = draw(rate // 10 + 17, channels)
                float_wav("in.wav", samples, rate, channels)
                run("--mix", 0, "-f", "in.wav", "out.wav")
                self.assertEqual(read_floats("out.wav"), array.array("f", samples), (rate, channels))
                run("-f", "in.wav", "wet.wav")
                run("-f", "--delta", "in.wav", "delta.wav")
                wet, delta = read_floats("wet.wav"), read_floats("delta.wav")
                self.assertEqual(len(wet), len(samples))
                # What is kept and what is taken away add up to the input, to float rounding.
                for x, w, d in zip(samples, wet, delta):
                    self.assertAlmostEqual(x, w + d, delta=2e-6)

    def test_inputs_shorter_than_the_delay_keep_their_length(self):
        for n in (1, 2, 100, 511, 512, 513):
            float_wav("in.wav", draw(n))
            run("-f", "in.wav", "out.wav")
            self.assertEqual(len(read_floats("out.wav")), n)

    def test_methods_for_sensors_serve_any_rate(self):
        for rate in (1, 5, 100, 250000):
            for method in ("kalman", "predictor"):
                float_wav("in.wav", draw(500), rate)
                run("-f", "-m", method, "in.wav", "out.wav")
                self.assertEqual(len(read_floats("out.wav")), 500)
                run("-f", "-m", method, "--mix", 0, "in.wav", "out.wav")
                self.assertEqual(read_floats("out.wav"), read_floats("in.wav"))

    def test_a_lag_is_made_up_for(self):
        float_wav("in.wav", draw(500), 100)
        run("-m", "kalman", "--lag", 40, "--mix", 0, "in.wav", "out.wav")
        self.assertEqual(read_floats("out.wav"), read_floats("in.wav"))

    def test_the_width_of_samples_is_kept(self):
        for width in (1, 2, 3, 4):
            write_wav("in.wav", draw(3000), width=width)
            run("-f", "--mix", 0, "--no-dither", "in.wav", "out.wav")
            with wave.open("out.wav") as file:
                self.assertEqual(file.getsampwidth(), width)
            # 32 bits pass through floats of 24: what lies below those may differ.
            if width < 4:
                self.assertEqual(chunks("out.wav")["data"], chunks("in.wav")["data"])

    def test_the_ending_of_the_output_gives_its_format(self):
        write_wav("in.wav", draw(3000))
        for ending, magic in (("flac", b"fLaC"), ("aiff", b"FORM"), ("au", b".snd"),
                              ("caf", b"caff"), ("w64", b"riff"), ("ogg", b"OggS")):
            run("--no-dither", "in.wav", "out." + ending)
            self.assertEqual(contents("out." + ending)[:4], magic)
            run("-f", "--mix", 0, "--subtype", "pcm_16", "--no-dither", "out." + ending, "back.wav")
            if ending != "ogg":
                run("-f", "--no-dither", "in.wav", "same.wav")
                self.assertEqual(chunks("back.wav")["data"], chunks("same.wav")["data"], ending)
        float_wav("fine.wav", draw(3000))
        run("fine.wav", "fine.flac")
        run("fine.flac", "back24.wav")  # floats have no place in a FLAC: the most it holds
        self.assertEqual(struct.unpack_from("<H", chunks("back24.wav")["fmt "], 14)[0], 24)
        run("--format", "flac", "in.wav", "out.bin")
        self.assertEqual(contents("out.bin")[:4], b"fLaC")
        run("-f", "--subtype", "pcm_24", "in.wav", "out.wav")
        self.assertEqual(struct.unpack_from("<H", chunks("out.wav")["fmt "], 14)[0], 24)

    def test_dither_is_small_the_same_each_time_and_can_be_left_out(self):
        float_wav("in.wav", [0.0] * 20000)
        run("--subtype", "pcm_16", "in.wav", "a.wav")
        run("--subtype", "pcm_16", "in.wav", "b.wav")
        run("--subtype", "pcm_16", "--no-dither", "in.wav", "c.wav")
        self.assertEqual(contents("a.wav"), contents("b.wav"))
        values = array.array("h", chunks("a.wav")["data"])
        self.assertEqual(set(values), {-1, 0, 1})
        # Triangular over two steps: a quarter of the samples leave 0; 5 sigma of 20000 draws.
        self.assertAlmostEqual(sum(v != 0 for v in values) / 20000, 0.25, delta=0.016)
        self.assertEqual(set(array.array("h", chunks("c.wav")["data"])), {0})

    def test_samples_past_full_scale_are_counted_and_told(self):
        float_wav("in.wav", [2.0, -2.0, 0.5, 1.0] * 500)
        done = run("--mix", 0, "--subtype", "pcm_16", "in.wav", "out.wav")
        self.assertIn(b"1000 samples of the output were past full scale", done.stderr)
        self.assertEqual(set(array.array("h", chunks("out.wav")["data"][:4])), {32767, -32768})
        self.assertEqual(run("-q", "-f", "--mix", 0, "--subtype", "pcm_16", "in.wav",
                             "out.wav").stderr, b"")
        self.assertEqual(run("-f", "--mix", 0, "in.wav", "out.wav").stderr, b"")

    def test_metadata_is_kept(self):
        bext = (b"a description".ljust(256, b"\0") + b"me".ljust(32, b"\0") + b"ref".ljust(32, b"\0")
                + b"2020-01-02" + b"03:04:05" + struct.pack("<IIH", 12345, 0, 1)).ljust(602, b"\0")
        info = b"".join(k + struct.pack("<I", 6) + v for k, v in
                        ((b"INAM", b"title\0"), (b"IART", b"maker\0"), (b"ICMT", b"notes\0")))
        cue = struct.pack("<I", 1) + struct.pack("<II4sIII", 1, 700, b"data", 0, 0, 700)
        smpl = struct.pack("<9I", 0, 0, 62500, 60, 0, 0, 0, 1, 0) + struct.pack("<6I", 0, 0, 10, 99, 0, 0)
        write_wav("in.wav", draw(2000), channels=1)
        data = chunks("in.wav")
        body = b"WAVE"
        for name, value in ((b"fmt ", data["fmt "]), (b"bext", bext), (b"LIST", b"INFO" + info),
                            (b"cue ", cue), (b"smpl", smpl), (b"data", data["data"])):
            body += name + struct.pack("<I", len(value)) + value
        with open("in.wav", "wb") as file:
            file.write(b"RIFF" + struct.pack("<I", len(body)) + body)
        run("in.wav", "out.wav")
        out = chunks("out.wav")
        self.assertEqual(out["bext"][:346], bext[:346])
        for part in (b"INAM", b"title", b"IART", b"maker", b"ICMT", b"notes"):
            self.assertIn(part, out["LIST"])
        self.assertEqual(out["cue "], cue)
        self.assertEqual(out["smpl"][:16], smpl[:16])
        self.assertEqual(struct.unpack_from("<I", out["smpl"], 28)[0], 1)
        run("in.wav", "out.flac")
        run("out.flac", "back.wav")
        for part in (b"title", b"maker", b"notes"):
            self.assertIn(part, chunks("back.wav")["LIST"])

    def test_the_places_of_channels_are_kept(self):
        frames = draw(500, 6)
        data = pcm_bytes(frames, 2)
        fmt = struct.pack("<HHIIHHHHI", 0xFFFE, 6, 48000, 48000 * 12, 12, 16, 22, 16, 0x60F)
        fmt += struct.pack("<H", 1) + bytes.fromhex("000000001000800000aa00389b71")
        with open("in.wav", "wb") as file:
            file.write(b"RIFF" + struct.pack("<I", 60 + len(data)) + b"WAVEfmt " +
                       struct.pack("<I", 40) + fmt + b"data" + struct.pack("<I", len(data)) + data)
        run("in.wav", "out.wav")
        self.assertEqual(chunks("out.wav")["fmt "][:24], fmt[:24])

    def test_a_limit_means_the_same_with_either_sign_and_is_kept(self):
        float_wav("in.wav", draw(20000))
        run("--limit", 6, "in.wav", "a.wav")
        run("--limit", -6, "in.wav", "b.wav")
        run("in.wav", "c.wav")
        self.assertEqual(contents("a.wav"), contents("b.wav"))
        power = [sum(v * v for v in read_floats(n + ".wav")) for n in ("in", "a", "c")]
        # 6 dB are a factor of 3.98 in power; the gain glides in over the first 20 ms.
        self.assertGreater(power[1], power[0] / 4.0)
        self.assertGreater(power[1], power[2])

    def test_channels_are_linked_or_each_its_own(self):
        left, right = draw(8000), draw(8000, level=0.01)
        float_wav("in.wav", [v for pair in zip(left, right) for v in pair], channels=2)
        float_wav("left.wav", left)
        run("left.wav", "alone.wav")
        run("--no-link", "in.wav", "apart.wav")
        run("in.wav", "linked.wav")
        self.assertEqual(read_floats("apart.wav")[::2], read_floats("alone.wav"))
        self.assertNotEqual(read_floats("linked.wav")[::2], read_floats("alone.wav"))

    def test_every_control_reaches_the_method(self):
        float_wav("in.wav", draw(8000))
        for base, options in ((("-m", "wiener"),
                               (("--gain-rule", "wiener"), ("--window", "0.04"), ("--limit", 3),
                                ("--window", "0.064", "--hop", "0.01"), ("--mix", "0.5"))),
                              (("-m", "kalman"), (("--lag", 8), ("--mix", "0.5")))):
            run("-f", *base, "in.wav", "plain.wav")
            for option in options:
                run("-f", *base, *option, "in.wav", "out.wav")
                self.assertNotEqual(read_floats("out.wav"), read_floats("plain.wav"), option)
        dry, half, wet = (read_floats(n) for n in ("in.wav", "out.wav", "plain.wav"))
        for x, h, w in zip(dry, half, wet):
            self.assertAlmostEqual(h, (x + w) / 2, delta=1e-6)

    def test_noise_is_learned_saved_and_used_again(self):
        float_wav("in.wav", draw(32000))
        run("--learn-noise", "0.25-0.75", "--save-profile", "p.safetensors", "in.wav", "a.wav")
        run("--learn-noise", "0:00.25-0:0:00.75", "in.wav", "b.wav")
        run("--noise-profile", "p.safetensors", "in.wav", "c.wav")
        run("in.wav", "d.wav")
        self.assertEqual(contents("a.wav"), contents("b.wav"))
        self.assertEqual(contents("a.wav"), contents("c.wav"))
        self.assertNotEqual(contents("a.wav"), contents("d.wav"))
        self.assertIn("is there already", fails("--learn-noise", "0-1", "--save-profile",
                                                "p.safetensors", "in.wav", "e.wav"))
        self.assertIn("ends after 2.000 s", fails("--learn-noise", "1-5", "in.wav", "e.wav"))
        self.assertIn("cannot learn noise", fails("-m", "predictor", "--learn-noise", "0-1",
                                                  "in.wav", "e.wav"))
        self.assertFalse(os.path.exists("e.wav"))

    def test_a_flat_lead_in_taken_for_noise_harms_nothing_and_is_told(self):
        noise = random.Random(SEED)
        rows = [512] * 100 + [512 + noise.uniform(-20, 20) // 0.1 / 10 for _ in range(400)]
        for lead, told in ((100, True), (0, False)):
            with open("flat.csv", "w") as f:
                f.writelines(f"{x}\n" for x in rows[100 - lead:])
            done = run("--rate", 100, "--columns", 1, "--learn-noise", "0-0.5", "-f", "flat.csv",
                       "out.csv")
            out = [float(x) for x in contents("out.csv").split()]
            self.assertEqual(len(out), 400 + lead)
            for was, now in zip(rows[100 - lead:], out):
                self.assertLessEqual(abs(now - 512), abs(was - 512) + 10)
            self.assertEqual(b"holds no noise" in done.stderr, told)
            if told:
                for was, now in zip(rows, out):
                    self.assertAlmostEqual(was, now, places=3)

    def test_kernels_that_are_not_there_are_no_silent_fallback(self):
        float_wav("in.wav", draw(8000))
        for name in ("mmx", "AVX2"):
            why = fails("in.wav", "out.wav", env={**os.environ, "SORDINO_KERNELS": name})
            self.assertIn(f'no kernels "{name}"', why)
            self.assertIn("it can be", why)
            self.assertFalse(os.path.exists("out.wav"))
        for name in ("c", ""):
            run("-f", "in.wav", "out.wav", env={**os.environ, "SORDINO_KERNELS": name})

    def test_the_report_says_what_was_done_and_nothing_that_changes(self):
        float_wav("in.wav", draw(16000))
        wiener = ("-m", "wiener", "--json")
        first = run(*wiener, "--report", "r.json", "in.wav", "out.wav").stdout
        second = run(*wiener, "-f", "in.wav", "out.wav").stdout
        self.assertEqual(first, second)
        self.assertEqual(first, contents("r.json"))
        file = json.loads(first)["files"][0]
        self.assertEqual((file["input"], file["output"], file["done"], file["method"],
                          file["frames"], file["rate"], file["channels"]),
                         ("in.wav", "out.wav", True, "wiener", 16000, 16000, 1))
        self.assertGreater(file["reduction_db"], 0)
        file = json.loads(run("--json", "none.wav", "x.wav", code=1).stdout)["files"][0]
        self.assertIn("does not exist", file["error"])

    def test_a_picture_is_drawn(self):
        float_wav("in.wav", draw(16000))
        run("--plot", "p.png", "in.wav", "out.wav")
        self.assertEqual(contents("p.png")[:8], b"\x89PNG\r\n\x1a\n")

    def test_mode_follows_the_umask(self):
        write_wav("in.wav", draw(100))
        for mask in (0o022, 0o077, 0o002):
            run("-f", "in.wav", "out.wav", preexec_fn=lambda m=mask: os.umask(m))
            self.assertEqual(os.stat("out.wav").st_mode & 0o777, 0o666 & ~mask)
            os.remove("out.wav")


class Models(Folder):
    def setUp(self):
        super().setUp()
        float_wav("in.wav", draw(8000))
        os.makedirs("kept")
        shutil.copy(MODELS + "/net-bands.safetensors", "kept/voice.safetensors")

    def with_paths(self, **paths):
        names = ("SORDINO_MODEL_PATH", "XDG_DATA_HOME", "XDG_DATA_DIRS", "HOME")
        clean = {k: v for k, v in os.environ.items() if k not in names}
        return {**clean, **paths}

    def test_a_model_is_taken_by_path_and_by_name(self):
        run("-m", "kept/voice.safetensors", "in.wav", "path.wav")
        here = os.getcwd()
        os.makedirs("home/sordino/models")
        os.makedirs("data/sordino/models")
        for i, (folder, env) in enumerate((
                ("kept", {"SORDINO_MODEL_PATH": "/nowhere:" + here + "/kept"}),
                ("home/sordino/models", {"XDG_DATA_HOME": here + "/home"}),
                ("data/sordino/models", {"XDG_DATA_DIRS": "/nowhere:" + here + "/data"}))):
            if folder != "kept":
                shutil.copy("kept/voice.safetensors", folder)
            out = f"{i}.wav"
            run("-m", "voice", "in.wav", out, env=self.with_paths(**env))
            self.assertEqual(contents(out), contents("path.wav"))
            listed = run("--list-models", env=self.with_paths(**env)).stdout.decode()
            self.assertIn(folder + "/voice.safetensors", listed)
            self.assertIn("sound", listed)
        self.assertEqual(len(read_floats("path.wav")), 8000)
        self.assertNotEqual(contents("path.wav"), contents("in.wav"))

    def test_the_input_comes_through_a_model_in_its_place(self):
        for name in ("net-bands", "net-wave"):
            run("-f", "-m", f"{MODELS}/{name}.safetensors", "--mix", 0, "in.wav", "out.wav")
            self.assertEqual(read_floats("out.wav"), read_floats("in.wav"), name)

    def test_the_report_names_the_model(self):
        report = json.loads(run("-m", "kept/voice.safetensors", "--json", "in.wav", "o.wav").stdout)
        self.assertRegex(report["model"]["hash"], "^[0-9a-f]{16}$")

    def test_models_that_cannot_be_used(self):
        env = self.with_paths()
        self.assertIn("nobody: no such model; see --list-models",
                      fails("-m", "nobody", "in.wav", "out.wav", env=env))
        data = contents("kept/voice.safetensors")
        with open("kept/cut.safetensors", "wb") as file:
            file.write(data[:len(data) // 2])
        fails("-m", "kept/cut.safetensors", "in.wav", "out.wav")
        fails("-m", "kept/none.safetensors", "in.wav", "out.wav")
        self.assertIn(b"cannot be used: ", run(
            "--list-models", env=self.with_paths(SORDINO_MODEL_PATH="kept")).stdout)
        self.assertFalse(os.path.exists("out.wav"))


class Folders(Folder):
    def setUp(self):
        super().setUp()
        os.makedirs("in/deep/er")
        for i, name in enumerate(("b.wav", "a.wav", "deep/c.wav", "deep/er/d.wav")):
            write_wav("in/" + name, draw(3000 + 777 * i, 1 + i % 2), channels=1 + i % 2)

    def tree(self, folder):
        return {os.path.relpath(os.path.join(at, name), folder): contents(os.path.join(at, name))
                for at, _, names in os.walk(folder) for name in names}

    def test_folders_are_gone_through_and_built_up_again(self):
        done = run("-v", "-r", "-d", "out", "in")
        self.assertEqual(sorted(self.tree("out")), sorted(self.tree("in")))
        told = [line.split(": ")[1] for line in done.stderr.decode().splitlines()]
        self.assertEqual(told, ["in/a.wav", "in/b.wav", "in/deep/c.wav", "in/deep/er/d.wav"])

    def test_other_files_are_passed_over_in_a_folder_but_not_when_named(self):
        for name in ("in/cover.png", "in/deep/notes", "in/deep/x.raw"):
            with open(name, "w", encoding="utf-8") as file:
                file.write("no sound at all, only words, as many as fill a header")
        self.assertEqual(run("-r", "-d", "out", "in").stderr, b"")
        self.assertEqual(len(self.tree("out")), 4)
        told = run("-f", "-v", "-r", "-d", "out", "in").stderr
        self.assertIn(b"in: 1 file of other kinds passed over", told)
        self.assertIn(b"in/deep: 2 files of other kinds passed over", told)
        self.assertIn("is not audio", fails("-d", "out", "in/cover.png"))

    def test_a_folder_of_outputs_among_the_inputs_is_left_out(self):
        for _ in range(2):
            run("-f", "-r", "-d", "in/out", "in")
            self.assertEqual(sorted(self.tree("in/out")),
                             ["a.wav", "b.wav", "deep/c.wav", "deep/er/d.wav"])

    def test_neither_jobs_nor_block_change_bytes_or_messages(self):
        first = run("-v", "-r", "-d", "out", "in").stderr
        want = self.tree("out")
        for options in (("-j", 2), ("-j", 3), ("-j", 0), ("--block", 1), ("--block", 333),
                        ("--block", 65536, "-j", 2)):
            shutil.rmtree("out")
            self.assertEqual(run("-v", *options, "-r", "-d", "out", "in").stderr, first, options)
            self.assertEqual(self.tree("out"), want, options)

    def test_one_failure_does_not_stop_the_others(self):
        with open("in/az.wav", "w", encoding="utf-8") as file:
            file.write("no sound at all, only words, as many as fill a header")
        for jobs in (1, 3):
            done = run("-f", "-j", jobs, "-r", "-d", "out", "in", "none.wav", code=1)
            lines = done.stderr.decode().splitlines()
            self.assertEqual(len(lines), 3, lines)
            self.assertIn("in/az.wav: is not audio", lines[0])
            self.assertIn("none.wav: does not exist", lines[1])
            self.assertEqual(lines[2], "sordino: 2 of 6 inputs failed")
            self.assertEqual(len(self.tree("out")), 4)

    def test_what_exists_is_not_overwritten_unasked(self):
        run("-r", "-d", "out", "in")
        with open("out/a.wav", "w", encoding="utf-8") as file:
            file.write("mine")
        done = run("-r", "-d", "out", "in", code=1)
        self.assertEqual(done.stderr.count(b"is there already; add --force"), 4)
        self.assertEqual(contents("out/a.wav"), b"mine")
        run("-f", "-r", "-d", "out", "in")
        self.assertNotEqual(contents("out/a.wav"), b"mine")

    def test_two_inputs_of_one_name_are_refused_before_anything_is_written(self):
        write_wav("a.wav", draw(100))
        why = fails("-d", "out", "a.wav", "in/a.wav")
        self.assertIn("is the output of both a.wav and in/a.wav", why)
        self.assertEqual(self.tree("out"), {})

    def test_a_format_changes_the_endings(self):
        run("--format", "flac", "-d", "out", "in/a.wav", "in/b.wav")
        self.assertEqual(sorted(self.tree("out")), ["a.flac", "b.flac"])

    def test_folders_need_the_option(self):
        self.assertIn("go through it with -r", fails("-d", "out", "in"))
        self.assertIn("go through it with -r", fails("in", "out.wav"))

    def test_progress_is_drawn_on_a_terminal_only(self):
        self.assertEqual(run("-r", "-d", "out", "in").stderr, b"")
        main, terminal = pty.openpty()
        done = subprocess.run([TOOL, "-f", "-r", "-d", "out", "in"], stderr=terminal, timeout=120)
        os.close(terminal)
        drawn = b""
        try:
            while part := os.read(main, 65536):
                drawn += part
        except OSError:  # the terminal is closed
            pass
        drawn = drawn.decode()
        os.close(main)
        self.assertEqual(done.returncode, 0)
        self.assertIn("4/4", drawn)
        self.assertLess(max(map(len, drawn.split("\r"))), 80)
        self.assertEqual(drawn.split("\r")[-2].strip(), "")


class Faults(Folder):
    def test_a_matrix_is_no_sound(self):
        def element(kind, data):
            return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)

        values = struct.pack("<500d", *draw(500))
        matrix = element(6, struct.pack("<II", 6, 0)) + element(5, struct.pack("<ii", 500, 1))
        matrix += element(1, b"x") + element(9, values)
        head = b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(124) + struct.pack("<H2s", 0x100, b"IM")
        with open("in.mat", "wb") as file:
            file.write(head + element(14, matrix))
        with open("matrix.wav", "wb") as file:  # whatever its name
            file.write(head + element(14, matrix))
        for name in ("in.mat", "matrix.wav"):
            self.assertIn("is a MATLAB file of other things than sound; ", fails(name, "out.mat"))
            self.assertFalse(os.path.exists("out.mat"))
        write_wav("sound.wav", draw(4000))
        run("--format", "mat", "sound.wav", "sound.mat")
        run("sound.mat", "again.wav")

    def setUp(self):
        super().setUp()
        write_wav("in.wav", draw(16000))
        self.before = contents("in.wav")

    def tearDown(self):
        self.assertEqual(contents("in.wav"), self.before)
        self.assertFalse(os.path.exists("out.wav"))
        self.assertNoRemains()
        super().tearDown()

    def test_wrong_usage_ends_with_2(self):
        for arguments, word in (
            ((), "IN and OUT are expected"), (("in.wav",), "IN and OUT are expected"),
            (("a", "b", "c"), "add -d FOLDER"), (("in.wav", ""), "a name is empty"), (("--nonsense", "in.wav", "out.wav"), "--nonsense"),
            (("--limit", "x", "in.wav", "out.wav"), "decibels"),
            (("--mix", "1.5", "in.wav", "out.wav"), "0 to 1"),
            (("--block", "0", "in.wav", "out.wav"), "1 to 65536"),
            (("-j", "x", "in.wav", "out.wav"), "0 to 256"),
            (("--format", "xyz", "in.wav", "out.wav"), "flac"),
            (("--subtype", "xyz", "in.wav", "out.wav"), "pcm_16"),
            (("--learn-noise", "3-1", "in.wav", "out.wav"), "START-END"),
            (("--learn-noise", "nan-1", "in.wav", "out.wav"), "START-END"),
            (("--raw", "f32le", "in.wav", "out.wav"), "--rate HZ"),
            (("--save-profile", "p", "in.wav", "out.wav"), "--learn-noise"),
            (("--json", "in.wav", "-"), "--report"),
            (("--plot", "p.png", "-d", "x", "in.wav", "in.wav"), "one input"),
            (("--learn-noise", "0-1", "--noise-profile", "p", "in.wav", "out.wav"), "two noises"),
            (("--window", "0.02", "--hop", "0.02", "in.wav", "out.wav"), "eighth"),
        ):
            self.assertIn(word, fails(*arguments, code=2), arguments)

    def test_help_fits_80_columns_and_goes_to_standard_output(self):
        lines = run("--help").stdout.decode().splitlines()
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertIn(b"sordino ", run("--version").stdout)
        self.assertIn(b"kalman", run("--list-models").stdout)

    def test_inputs_that_cannot_be_read(self):
        open("empty.wav", "w", encoding="utf-8").close()
        with open("text.wav", "w", encoding="utf-8") as file:
            file.write("this is a letter and no sound, however much one listens to it")
        os.mkdir("folder.wav")
        write_wav("nothing.wav", [])
        for name, word in (("none.wav", "does not exist"), ("empty.wav", "is empty"),
                           ("text.wav", "is not audio"), ("folder.wav", "is a folder"),
                           ("nothing.wav", "no samples")):
            why = fails(name, "out.wav")
            self.assertTrue(why.startswith(name + ": ") and word in why and "; " in why, why)
        if os.geteuid() != 0:
            os.chmod("text.wav", 0)
            self.assertIn("permissions", fails("text.wav", "out.wav"))

    def test_truncated_inputs_say_how_much_there_is(self):
        with open("cut.wav", "wb") as file:
            file.write(self.before[:44 + 2 * 4000])
        self.assertEqual(fails("cut.wav", "out.wav"),
                         "cut.wav: ends 0.75 s early; the first 0.25 s can be read with --salvage")
        done = run("--salvage", "cut.wav", "kept.wav")
        self.assertIn(b"ends 0.75 s early", done.stderr)
        self.assertEqual(len(chunks("kept.wav")["data"]), 8000)
        for ending, share in (("flac", 0.5), ("aiff", 0.5), ("au", 0.5), ("w64", 0.5)):
            run("-f", "in.wav", "whole." + ending)
            data = contents("whole." + ending)
            with open("cut." + ending, "wb") as file:
                file.write(data[:int(share * len(data))])
            self.assertIn("--salvage", fails("cut." + ending, "out.wav"), ending)
            run("-f", "--salvage", "cut." + ending, "kept.wav")
            self.assertIn(len(chunks("kept.wav")["data"]) // 2, range(4000, 12000), ending)

    def test_absurd_headers(self):
        head = bytearray(self.before)
        for offset, value, size in ((22, 0, 2), (22, 1000, 2), (24, 0, 4), (34, 77, 2), (32, 0, 2),
                                    (16, 0xFFFFFFF0, 4), (20, 0x1234, 2)):
            bad = bytearray(head)
            bad[offset:offset + size] = value.to_bytes(size, "little")
            with open("bad.wav", "wb") as file:
                file.write(bad)
            done = subprocess.run([TOOL, "-f", "bad.wav", "bad-out.wav"], capture_output=True,
                                  timeout=60, check=False)
            self.assertIn(done.returncode, (0, 1), (offset, done.stderr))
            if done.returncode == 1:
                self.assertEqual(len(done.stderr.splitlines()), 1)
                self.assertFalse(os.path.exists("bad-out.wav"))
            else:
                os.remove("bad-out.wav")

    def test_rates_that_the_method_does_not_serve(self):
        write_wav("slow.wav", draw(1000), rate=4000)
        write_wav("fast.wav", draw(1000), rate=250000)
        for name in ("slow.wav", "fast.wav"):
            why = fails(name, "out.wav")
            self.assertRegex(why, "[a-z]+ serves 8000 to 192000; use --model kalman or predictor")

    def test_a_rate_for_what_states_its_own_is_refused(self):
        self.assertIn("states its own rate", fails("--rate", 8000, "in.wav", "out.wav"))

    @unittest.skipUnless(os.geteuid() == 0, "needs another user to be")
    def test_what_another_user_may_not_read_or_write(self):
        def be_nobody():
            os.setgid(65534)
            os.setuid(65534)
        os.chmod(".", 0o755)
        write_wav("mine.wav", draw(10))
        os.chmod("mine.wav", 0o600)
        try:
            why = fails("mine.wav", "out.wav", preexec_fn=be_nobody)
        except (PermissionError, subprocess.SubprocessError):
            self.skipTest("the program cannot be reached by another user")
        self.assertIn("mine.wav: cannot be read (Permission denied)", why)
        why = fails("in.wav", "out.wav", preexec_fn=be_nobody)
        self.assertIn("out.wav: cannot be written (Permission denied); choose another folder", why)

    def test_outputs_that_cannot_be_written(self):
        write_wav("old.wav", draw(10))
        old = contents("old.wav")
        self.assertIn("is there already; add --force", fails("in.wav", "old.wav"))
        self.assertEqual(contents("old.wav"), old)
        self.assertIn("is the input itself", fails("in.wav", "in.wav"))
        os.symlink("in.wav", "link.wav")
        self.assertIn("is the input itself", fails("in.wav", "link.wav"))
        self.assertIn("folder does not exist", fails("in.wav", "none/out.wav"))
        self.assertIn("is a folder", fails("in.wav", "."))
        self.assertIn("no space left", fails("in.wav", "/dev/full"))
        with open("/dev/full", "wb") as full:
            done = subprocess.run([TOOL, "in.wav", "-"], stdout=full, stderr=subprocess.PIPE,
                                  timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"no space left", done.stderr)
        run("in.wav", "/dev/null")
        if os.geteuid() != 0:
            os.mkdir("shut", 0o555)
            self.assertIn("cannot be written", fails("in.wav", "shut/out.wav"))

    def test_a_file_may_replace_itself_when_said(self):
        shutil.copy("in.wav", "self.wav")
        run("in.wav", "want.wav")
        run("--force", "self.wav", "self.wav")
        self.assertEqual(contents("self.wav"), contents("want.wav"))

    def test_a_file_that_comes_to_be_meanwhile_is_not_overwritten(self):
        child = subprocess.Popen([TOOL, "-", "late.wav"], stdin=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        child.stdin.write(self.before[:20000])
        child.stdin.flush()
        self.wait_for(lambda: any(n.startswith(".late.wav.sordino-") for n in os.listdir(".")))
        with open("late.wav", "w", encoding="utf-8") as file:
            file.write("mine")
        _, told = child.communicate(self.before[20000:], timeout=60)
        self.assertEqual(child.returncode, 1)
        self.assertIn(b"is there already", told)
        self.assertEqual(contents("late.wav"), b"mine")

    def wait_for(self, condition):
        until = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), until)
            time.sleep(0.01)

    def test_a_signal_leaves_nothing_behind(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            child = subprocess.Popen([TOOL, "-", "out.wav"], stdin=subprocess.PIPE)
            child.stdin.write(self.before[:20000])
            child.stdin.flush()
            self.wait_for(lambda: any(".sordino-" in n for n in os.listdir(".")))
            child.send_signal(number)
            self.assertEqual(child.wait(timeout=60), -number)
            child.stdin.close()
            self.assertNoRemains()

    def test_a_reader_that_goes_away_is_told(self):
        write_wav("long.wav", draw(200000))
        child = subprocess.Popen([TOOL, "long.wav", "-"], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        child.stdout.read(10)
        child.stdout.close()
        told = child.stderr.read()
        child.stderr.close()
        self.assertEqual(child.wait(timeout=60), 1)
        self.assertIn(b"the reader went away", told)

    def test_a_full_disk_leaves_nothing_behind(self):
        os.mkdir("small")
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", "small"],
                               capture_output=True, check=False)
        if mount.returncode:
            self.skipTest("mount is not permitted")
        try:
            write_wav("long.wav", draw(100000))
            for name in ("small/out.wav", "small/out.flac"):
                self.assertIn("no space left", fails("--subtype", "pcm_24", "long.wav", name))
                self.assertEqual(os.listdir("small"), [])
        finally:
            subprocess.run(["umount", "small"], check=True)

    def test_a_largest_file_size_is_an_error_of_writing(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
        self.assertIn("largest file", fails("in.wav", "out.wav", preexec_fn=limit))


@unittest.skipIf(SANITIZED, "a sanitizer's own memory would be measured")
class Large(Folder):
    """Memory does not grow with the file; sizes past 4 GiB."""

    def sparse_wav(self, path, frames, channels, rf64=False):
        """Silence of 16 bits that takes no room on the disk."""
        size = frames * channels * 2
        fmt = struct.pack("<HHIIHH", 1, channels, 48000, 96000 * channels, 2 * channels, 16)
        with open(path, "wb") as file:
            if rf64:
                file.write(b"RF64\xff\xff\xff\xffWAVEds64" + struct.pack("<IQQQI", 28, size + 72, size,
                                                                      frames, 0))
            else:
                file.write(b"RIFF" + struct.pack("<I", size + 36) + b"WAVE")
            file.write(b"fmt " + struct.pack("<I", 16) + fmt + b"data")
            file.write(struct.pack("<I", 0xFFFFFFFF if rf64 else size))
            file.truncate(file.tell() + size)

    def peak_of(self, *arguments):
        """The most memory the tool had, in MiB."""
        child = subprocess.Popen([TOOL, *map(str, arguments)])
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(child.returncode, 0)
        return usage.ru_maxrss / 1024

    def test_memory_does_not_grow_with_the_file(self):
        self.sparse_wav("small.wav", 100000, 2)
        self.sparse_wav("large.wav", 50000000, 2)  # 200 MB
        small = self.peak_of("-m", "predictor", "small.wav", "/dev/null")
        large = self.peak_of("-m", "predictor", "large.wav", "/dev/null")
        self.assertLess(large, 100)
        self.assertLess(large - small, 4)  # what the allocator and the page cache shift about

    def test_rf64_of_little_becomes_a_plain_wav_again(self):
        self.sparse_wav("in.rf64", 1000, 2, rf64=True)
        run("--format", "wav", "in.rf64", "out.wav")
        self.assertEqual(contents("out.wav")[:4], b"RIFF")
        # From a pipe it might become long: then it is begun as RF64.
        write_wav("in.wav", draw(1000))
        endless = bytearray(contents("in.wav"))
        endless[40:44] = b"\xff" * 4
        run("-", "pipe.wav", input=bytes(endless))
        self.assertEqual(contents("pipe.wav")[:4], b"RIFF")
        self.assertEqual(len(chunks("pipe.wav")["data"]), 2000)
        run("in.rf64", "out.rf64")
        self.assertEqual(contents("out.rf64")[:4], b"RF64")

    @unittest.skipUnless(BIG, "SORDINO_TEST_BIG=1 runs it")
    def test_more_than_4_gib(self):
        frames = 5 * (1 << 30) // 4
        self.sparse_wav("in.wav", frames, 2, rf64=True)
        peak = self.peak_of("-m", "predictor", "--no-dither", "in.wav", "out.wav")
        print("peak", round(peak), "MiB")
        self.assertLess(peak, 100)
        with open("out.wav", "rb") as file:
            head = file.read(36)
        self.assertEqual(head[:4], b"RF64")
        self.assertEqual(struct.unpack_from("<Q", head, 28)[0], 4 * frames)
        self.assertGreater(os.path.getsize("out.wav"), 4 * frames)


if __name__ == "__main__":
    print("seed", SEED)
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
