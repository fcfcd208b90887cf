"""What sordino takes by itself, with models built in and without.

    test_default_model.py SORDINO-WITHOUT SORDINO-WITH

The second has two networks built in, "speech" for sound and "sensor" for traces.
"""
import array
import json
import os
import random
import subprocess
import sys
import tempfile
import unittest
import wave

WITHOUT, WITH = (os.path.abspath(path) for path in sys.argv[1:3])
SEED = int(os.environ.get("SORDINO_TEST_SEED", "1"))


def run(tool, *arguments, code=0):
    names = ("SORDINO_MODEL_PATH", "XDG_DATA_HOME", "XDG_DATA_DIRS", "HOME")
    clean = {k: v for k, v in os.environ.items() if k not in names}
    clean["SORDINO_MODEL_PATH"] = "kept"
    done = subprocess.run([tool, *map(str, arguments)], capture_output=True, timeout=100, env=clean)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done


def contents(path):
    with open(path, "rb") as file:
        return file.read()


class DefaultModel(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder.name)
        draw = random.Random(SEED)
        samples = array.array("h", (draw.randrange(-9000, 9000) for _ in range(8000)))
        for name, rate in (("in.wav", 16000), ("slow.wav", 4000)):
            with wave.open(name, "wb") as file:
                file.setparams((1, 2, rate, 0, "NONE", ""))
                file.writeframes(samples.tobytes())
        with open("in.raw", "wb") as file:
            file.write(samples.tobytes())
        with open("in.csv", "w", encoding="ascii") as file:
            file.write("v\n" + "".join("%d\n" % v for v in samples[:500]))

    def method(self, tool, *arguments):
        """(method, name of the model) of the report."""
        report = json.loads(run(tool, "--json", "-f", *arguments).stdout)
        return report["files"][0]["method"], report.get("model", {}).get("name")

    def test_sound_goes_through_speech_where_it_is_built_in(self):
        self.assertEqual(self.method(WITHOUT, "in.wav", "wiener.wav"), ("wiener", None))
        self.assertEqual(self.method(WITH, "in.wav", "speech.wav"), ("band test", "band test"))
        self.assertEqual(self.method(WITH, "-m", "speech", "in.wav", "named.wav")[1], "band test")
        self.assertEqual(contents("named.wav"), contents("speech.wav"))
        raw = ("--raw", "s16le", "--rate")
        self.assertEqual(self.method(WITH, *raw, 16000, "in.raw", "out.raw")[0], "band test")
        self.assertEqual(self.method(WITHOUT, *raw, 16000, "in.raw", "out.raw")[0], "wiener")

    def test_wiener_is_one_switch_away(self):
        self.method(WITHOUT, "in.wav", "wiener.wav")
        self.assertEqual(self.method(WITH, "-m", "wiener", "in.wav", "out.wav"), ("wiener", None))
        self.assertEqual(contents("out.wav"), contents("wiener.wav"))

    def test_what_only_wiener_serves_chooses_it(self):
        for options in (("--gain-rule", "lsa"), ("--window", 0.02),
                        ("--learn-noise", "0-0.4", "--save-profile", "p.safetensors"),
                        ("--noise-profile", "p.safetensors")):
            self.assertEqual(self.method(WITH, *options, "in.wav", "out.wav"), ("wiener", None))
            self.method(WITHOUT, *options, "in.wav", "wiener.wav")
            self.assertEqual(contents("out.wav"), contents("wiener.wav"), options)

    def test_sensors_are_left_to_kalman_unless_asked(self):
        for tool in (WITH, WITHOUT):
            self.assertEqual(self.method(tool, "in.csv", "out.csv"), ("kalman", None))
            self.assertEqual(self.method(tool, "--raw", "s16le", "--rate", 100, "in.raw", "out.raw"),
                             ("kalman", None))
        self.assertEqual(self.method(WITH, "-m", "sensor", "in.csv", "out.csv")[1], "wave test")

    def test_mixed_inputs_each_get_their_own(self):
        report = json.loads(run(WITH, "--json", "-d", "out", "in.csv", "in.wav").stdout)
        self.assertEqual([file["method"] for file in report["files"]], ["kalman", "band test"])
        self.assertEqual(report["model"]["name"], "band test")

    def test_a_rate_that_is_not_served_is_told_as_ever(self):
        for tool, name in ((WITH, "band test"), (WITHOUT, "wiener")):
            self.assertIn("has a rate of 4000 Hz, %s serves 8000 to 192000; "
                          "use --model kalman" % name,
                          run(tool, "slow.wav", "out.wav", code=1).stderr.decode())
            run(tool, "-f", "-m", "kalman", "slow.wav", "out.wav")

    def test_the_list_names_them_and_a_file_comes_first(self):
        lines = run(WITH, "--list-models").stdout.decode().splitlines()
        self.assertEqual([line.split()[0] for line in lines],
                         ["wiener", "kalman", "predictor", "speech", "sensor"])
        self.assertRegex(lines[3], r"^speech +sound, [0-9]+ weights, built in: A test of speech, ISC$")
        self.assertEqual(len(run(WITHOUT, "--list-models").stdout.splitlines()), 3)
        why = run(WITHOUT, "-m", "speech", "in.wav", "out.wav", code=1).stderr.decode()
        self.assertIn("speech: no such model", why)
        os.mkdir("kept")
        with open("kept/speech.safetensors", "wb") as file:
            file.write(b"damaged")
        why = run(WITH, "-m", "speech", "in.wav", "out.wav", code=1).stderr.decode()
        self.assertIn("sordino: speech: ", why)
        self.assertEqual(self.method(WITH, "in.wav", "out.wav")[1], "band test")


if __name__ == "__main__":
    print("SORDINO_TEST_SEED=%d" % SEED, file=sys.stderr)
    unittest.main(argv=sys.argv[:1])
