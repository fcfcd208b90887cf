"""The examples as their readers run them.

    test_examples.py LIBRARY SORDINO FOLDER PYTHON_EXAMPLE

FOLDER holds what was built of them; an example that was not is left out, and named.
"""
import array
import math
import os
import random
import subprocess
import sys
import tempfile
import unittest
import wave

LIBRARY, SORDINO, FOLDER, PYTHON_EXAMPLE = (os.path.abspath(a) for a in sys.argv[1:5])
ENVIRONMENT = {**os.environ, "SORDINO_LIBRARY": LIBRARY}
RATE, N = 16000, 32000


def noise_and_tone():
    rng = random.Random(1)
    return [
        0.3 * math.sin(0.2 * i) * (i % 8000 < 4000) + 0.05 * rng.gauss(0, 1) for i in range(N)
    ]


def level(samples):
    return math.sqrt(sum(x * x for x in samples) / len(samples))


def built(name):
    path = os.path.join(FOLDER, name)
    if not os.path.exists(path):
        raise unittest.SkipTest(f"{name} was not built here")
    return path


def floats(path):
    out = array.array("f")
    with open(path, "rb") as f:
        out.frombytes(f.read())
    return out


def with_numpy():
    """A Python that has NumPy: this one, or the system's, where a package put it."""
    for python in (sys.executable, "/usr/bin/python3"):
        if os.path.exists(python) and subprocess.run(
            [python, "-c", "import numpy"], capture_output=True
        ).returncode == 0:
            return python
    raise unittest.SkipTest("NumPy is not here")


class Examples(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.at = lambda name: os.path.join(self.folder.name, name)

    def check(self, before, after):
        """As long as before, quieter where only noise is, and much the same where the tone is."""
        self.assertEqual(len(after), len(before))
        pause, tone = slice(29000, 31500), slice(25000, 27500)
        self.assertLess(level(after[pause]), 0.4 * level(before[pause]))
        self.assertGreater(level(after[tone]), 0.8 * level(before[tone]))

    def test_a_file_in_c(self):
        example = built("denoise_file")
        samples = [round(20000 * x) for x in noise_and_tone()]
        with wave.open(self.at("in.wav"), "wb") as w:
            w.setparams((1, 2, RATE, 0, "NONE", ""))
            w.writeframes(array.array("h", samples).tobytes())
        subprocess.run([example, self.at("in.wav"), self.at("out.wav")], check=True)
        with wave.open(self.at("out.wav")) as w:
            self.assertEqual(w.getframerate(), RATE)
            out = array.array("h", w.readframes(N))
        self.assertEqual(len(out), N)
        self.assertLess(level(out), level(samples))
        done = subprocess.run([example, self.at("no.wav"), "x.wav"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no.wav", done.stderr)

    def test_a_stream_in_cpp(self):
        example = built("denoise_stream")
        samples = array.array("f", noise_and_tone())
        done = subprocess.run([example, str(RATE)], input=samples.tobytes(), capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        latency = int(done.stderr.split()[1])
        out = array.array("f", done.stdout)
        self.check(samples[: N - latency], out[latency:])
        done = subprocess.run([example, "1"], input=b"", capture_output=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"rate", done.stderr)

    def test_an_array_in_python(self):
        python = with_numpy()
        samples = array.array("f", noise_and_tone())
        with open(self.at("in.f32"), "wb") as f:
            samples.tofile(f)

        def numpy(script):
            done = subprocess.run(
                [python, "-c", "import os, sys, numpy; os.chdir(sys.argv[1]); " + script,
                 self.folder.name, os.path.dirname(PYTHON_EXAMPLE)],
                env={**ENVIRONMENT, "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True,
            )
            self.assertEqual(done.returncode, 0, done.stderr)

        # As a program, on two channels.
        numpy("x = numpy.fromfile('in.f32', 'f4'); numpy.save('in.npy', numpy.stack([x, x], 1))")
        done = subprocess.run(
            [python, PYTHON_EXAMPLE, self.at("in.npy"), self.at("out.npy"), str(RATE)],
            env=ENVIRONMENT, capture_output=True,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        numpy(f"y = numpy.load('out.npy'); assert y.shape == ({N}, 2); y[:, 1].tofile('right.f32')")
        self.check(samples, floats(self.at("right.f32")))
        # As a module: the call for whole recordings gives the program's bits, and says what is wrong.
        run = [SORDINO, "-q", "-m", "wiener", "--raw", "f32le", "--rate", str(RATE)]
        subprocess.run([*run, self.at("in.f32"), self.at("out.f32")], check=True)
        numpy("sys.path.insert(0, sys.argv[2]); import denoise; "
              "x = numpy.fromfile('in.f32', 'f4'); "
              f"denoise.denoise(x, {RATE}).tofile('own.f32')")
        self.assertEqual(floats(self.at("out.f32")), floats(self.at("own.f32")))

    def test_live_sound_runs_or_says_why_not(self):
        example = built("live")
        done = subprocess.run([example, "1"], capture_output=True, text=True)
        if done.returncode != 0:
            self.assertEqual(done.returncode, 1)
            self.assertTrue(done.stderr.splitlines()[-1].startswith("live: "), done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
