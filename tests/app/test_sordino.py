"""sordino as a user has it: lengths, formats, metadata, folders, options, faults, signals.

    test_sordino.py SORDINO
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

TOOL = os.path.abspath(sys.argv[1])
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

    def test_the_places_of_channels_are_kept(self):
        frames = draw(500, 6)
        data = pcm_bytes(frames, 2)
        fmt = struct.pack("<HHIIHHHHI", 0xFFFE, 6, 48000, 48000 * 12, 12, 16, 22, 16, 0x3F)
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

    def test_the_report_says_what_was_done_and_nothing_that_changes(self):
        float_wav("in.wav", draw(16000))
        first = run("--json", "--report", "r.json", "in.wav", "out.wav").stdout
        second = run("--json", "-f", "in.wav", "out.wav").stdout
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


if __name__ == "__main__":
    print("seed", SEED)
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
