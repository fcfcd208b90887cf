"""sordino-eval as a user has it: exit codes, messages, tables, JSON, folders, delays.

    test_eval.py SORDINO_EVAL
"""
import array
import csv
import io
import json
import math
import os
import pty
import random
import subprocess
import sys
import tempfile
import unittest
import wave

TOOL = os.path.abspath(sys.argv[1])
SEED = int(os.environ.get("SORDINO_TEST_SEED", "1"))


def run(*arguments, code=0):
    done = subprocess.run([TOOL, *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return done


def run_json(*arguments, code=0):
    def forbidden(text):
        raise ValueError(text)  # NaN and Infinity are no JSON

    done = run(*arguments, "--json", "-", code=code)
    return json.loads(done.stdout, parse_constant=forbidden)


def write_wav(path, *channels, rate=16000):
    samples = array.array("h")
    for row in zip(*channels):
        samples.extend(max(-32768, min(32767, round(32767 * v))) for v in row)
    if sys.byteorder == "big":
        samples.byteswap()
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with wave.open(path, "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


def write_text(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Eval(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        os.chdir(self.folder.name)
        noise = random.Random(SEED)
        self.clean = [
            0.3 * math.sin(0.07 * i) * math.sin(0.0011 * i) ** 2 + 0.02 * noise.uniform(-1, 1)
            for i in range(16000)
        ]
        self.noisy = [v + 0.1 * noise.uniform(-1, 1) for v in self.clean]
        self.better = [v + 0.03 * noise.uniform(-1, 1) for v in self.clean]
        write_wav("clean.wav", self.clean)
        write_wav("noisy.wav", self.noisy)
        write_wav("better.wav", self.better)

    def tearDown(self):
        os.chdir("/")
        self.folder.cleanup()

    def test_a_pair_gives_a_table_of_one_row(self):
        lines = run("clean.wav", "better.wav").stdout.splitlines()
        self.assertEqual(len(lines), 3)
        for title in ("SI-SDR", "SNR", "SegSNR", "STOI", "ESTOI", "LSD", "RMSE", "Corr", "Delay"):
            self.assertIn(title, lines[0].split())
        self.assertEqual(lines[2].split()[0], "clean.wav")
        self.assertEqual(len(lines[2].split()), 10)
        self.assertTrue(all(line == line.rstrip() for line in lines))

    def test_figures_are_those_of_the_formulas(self):
        row = run_json("clean.wav", "better.wav", "--align", "none")["pairs"][0]["rows"][0]
        with wave.open("clean.wav") as a, wave.open("better.wav") as b:
            x, y = (array.array("h", f.readframes(16000)) for f in (a, b))
        x, y = ([v / 32768 for v in s] for s in (x, y))
        error = sum((a - b) ** 2 for a, b in zip(x, y))
        scale = sum(a * b for a, b in zip(x, y)) / sum(a * a for a in x)
        rest = sum((scale * a - b) ** 2 for a, b in zip(x, y))
        si_sdr = 10 * math.log10(scale**2 * sum(a * a for a in x) / rest)
        self.assertAlmostEqual(row["processed"]["rmse"], math.sqrt(error / 16000), 8)
        self.assertAlmostEqual(row["processed"]["si_sdr"], si_sdr, 6)
        self.assertTrue(0 < row["processed"]["stoi"] < 1)
        self.assertIsNone(row["processed"]["pesq"])

    def test_a_delay_is_reported_and_taken_away(self):
        write_wav("late.wav", [0] * 480 + self.better)
        pair = run_json("clean.wav", "late.wav")["pairs"][0]
        self.assertEqual((pair["delay_samples"], pair["delay_seconds"]), (480, 0.03))
        self.assertEqual(pair["samples"], 16000)
        exact = run_json("clean.wav", "better.wav")["pairs"][0]["rows"]
        self.assertEqual(pair["rows"], exact)
        write_wav("early.wav", self.better[480:])
        self.assertEqual(run_json("clean.wav", "early.wav")["pairs"][0]["delay_samples"], -480)
        raw = run_json("clean.wav", "late.wav", "--align", "none")["pairs"][0]
        self.assertEqual(raw["delay_samples"], 0)
        self.assertLess(raw["rows"][0]["processed"]["si_sdr"], 0)
        short = run("clean.wav", "late.wav", "--max-delay", "0.01")
        self.assertNotIn(" 480\n", short.stdout)
        self.assertIn(" 480\n", run("clean.wav", "late.wav", "--max-delay", "0.03").stdout)

    def test_what_is_lost_or_cut_is_told(self):
        write_wav("short.wav", self.better[:9000])
        done = run("clean.wav", "short.wav")
        self.assertIn("clean has 16000 samples, processed 9000: 9000 are compared", done.stderr)
        self.assertEqual(run("clean.wav", "short.wav", "-q").stderr, "")
        write_wav("tiny.wav", self.clean[:3000])
        pair = run_json("tiny.wav", "tiny.wav", "-q")["pairs"][0]
        self.assertIsNone(pair["rows"][0]["processed"]["stoi"])
        self.assertIn("STOI needs 30 frames", pair["notes"][0])

    def test_silence_has_values_or_none_but_never_nan(self):
        write_wav("silent.wav", [0] * 16000)
        lost = run_json("clean.wav", "silent.wav")["pairs"][0]["rows"][0]["processed"]
        self.assertEqual((lost["si_sdr"], lost["stoi"], lost["estoi"]), (-100, 0, 0))
        self.assertIsNone(lost["correlation"])
        pair = run_json("silent.wav", "noisy.wav")["pairs"][0]
        self.assertIsNone(pair["rows"][0]["processed"]["si_sdr"])
        self.assertIn("silent", pair["notes"][0])
        same = run_json("silent.wav", "silent.wav")["pairs"][0]["rows"][0]["processed"]
        self.assertEqual(same["rmse"], 0)
        copy = run_json("clean.wav", "clean.wav")["pairs"][0]["rows"][0]["processed"]
        self.assertEqual((copy["si_sdr"], copy["segmental_snr"]), (100, 35))

    def make_voice(self):
        """A voice with pauses; the same with hollow noise, with a fifth of it left, and dull."""
        noise, hum = random.Random(SEED), 0
        voice, noisy, denoised, dull = [], [], [], []
        for t in range(32000):
            hum = 0.9 * hum + noise.gauss(0, 0.01)
            voice.append(0.3 * max(0, math.sin(t * 5e-4)) * math.sin(t * 0.05 + 9 * math.sin(t * 1e-4)))
            loud = abs(voice[-1]) > 0.05
            noisy.append(voice[-1] + hum)
            denoised.append(voice[-1] * 0.9 + hum * (0.5 if loud else 0.1))
            dull.append(voice[-1] if not dull else 0.6 * dull[-1] + 0.4 * voice[-1])
        for name, x in (("v.wav", voice), ("vn.wav", noisy), ("vd.wav", denoised), ("vl.wav", dull)):
            write_wav(name, x)

    def test_a_noisier_clean_file_is_told_and_no_ordinary_one(self):
        self.make_voice()
        told = "the clean file looks like the noisier one; if the two are swapped, name the clean one first"
        for clean, other in (("vn.wav", "v.wav"), ("vn.wav", "vd.wav"), ("noisy.wav", "clean.wav"),
                             ("better.wav", "clean.wav")):
            self.assertIn(told, run(clean, other).stderr, (clean, other))
            self.assertEqual(run(clean, other, "-q").stderr, "")
        for clean, other in (("v.wav", "vn.wav"), ("v.wav", "vd.wav"), ("v.wav", "vl.wav"), ("v.wav", "v.wav"),
                             ("vd.wav", "vl.wav"), ("clean.wav", "noisy.wav"), ("clean.wav", "better.wav")):
            self.assertNotIn("swapped", run(clean, other).stderr, (clean, other))

    def test_a_noisier_clean_trace_is_told(self):
        noise = random.Random(SEED)
        truth = [math.sin(i / 40) + (i // 500) for i in range(3000)]
        noisy = [v + noise.gauss(0, 0.2) for v in truth]
        smooth = [sum(noisy[max(0, i - 7):i + 8]) / len(noisy[max(0, i - 7):i + 8]) for i in range(3000)]
        for name, x in (("t.csv", truth), ("n.csv", noisy), ("s.csv", smooth)):
            write_text(name, "\n".join(map(repr, x)))
        self.assertIn("swapped", run("n.csv", "t.csv").stderr)
        self.assertIn("swapped", run("n.csv", "s.csv").stderr)
        for clean, other in (("t.csv", "n.csv"), ("t.csv", "s.csv"), ("s.csv", "n.csv")):
            self.assertNotIn("swapped", run(clean, other).stderr, (clean, other))

    def make_folders(self):
        for name in ("a.wav", "sub/b.wav", "sub/deep/c.wav"):
            write_wav("C/" + name, self.clean)
            write_wav("P/" + name, self.better)
            write_wav("N/" + name, self.noisy)
        write_wav("C/left.wav", self.clean)
        write_wav("C/.hidden.wav", self.clean)
        write_text("C/notes.md", "not a sound")

    def test_folders_pair_up_by_name_for_any_number_of_jobs(self):
        self.make_folders()
        done = run("C", "P", "-j", "1")
        self.assertIn("sordino-eval: C/left.wav: no single file in P has this name", done.stderr)
        self.assertNotIn("hidden", done.stderr)
        self.assertEqual(
            [line.split()[0] for line in done.stdout.splitlines()[2:5]],
            ["a.wav", "sub/b.wav", "sub/deep/c.wav"],
        )
        self.assertEqual(run("C", "P", "-j", "3").stdout, done.stdout)
        report = run_json("C", "P")
        self.assertEqual(len(report["pairs"]), 3)
        self.assertEqual(len(report["unpaired"]), 1)
        self.assertEqual(report["summary"]["processed"]["stoi"]["n"], 3)

    def test_noisy_signals_show_what_processing_changed(self):
        self.make_folders()
        done = run("C", "P", "--noisy", "N")
        self.assertIn("Change from the noisy signal", done.stdout)
        row = run_json("C", "P", "--noisy", "N")["pairs"][1]["rows"][0]
        self.assertGreater(row["change"]["si_sdr"], 8)
        self.assertAlmostEqual(
            row["change"]["si_sdr"], row["processed"]["si_sdr"] - row["noisy"]["si_sdr"], 6
        )
        os.remove("N/sub/b.wav")
        left = run("C", "P", "--noisy", "N")
        self.assertIn("C/sub/b.wav: no single file in N has this name", left.stderr)

    def test_a_damaged_pair_is_told_and_the_others_measured(self):
        self.make_folders()
        write_text("P/sub/b.wav", "this is no sound")
        done = run("C", "P", code=1)
        self.assertIn("sordino-eval: P/sub/b.wav: cannot be read", done.stderr)
        self.assertIn("sub/deep/c.wav", done.stdout)
        report = run_json("C", "P", code=1)
        self.assertIn("error", report["pairs"][1])
        self.assertEqual(report["summary"]["processed"]["stoi"]["n"], 2)

    def test_rates_and_channels_must_agree(self):
        write_wav("other.wav", self.clean, rate=8000)
        done = run("clean.wav", "other.wav", code=1)
        self.assertEqual(
            done.stderr,
            "sordino-eval: other.wav: has a rate of 8000 Hz, the clean file 16000 Hz; "
            "convert one of them\n",
        )
        self.assertEqual(done.stdout, "")
        write_wav("stereo.wav", self.clean, self.noisy)
        done = run("clean.wav", "stereo.wav", code=1)
        self.assertIn("has 2 channels, the clean file 1", done.stderr)

    def test_channels_are_averaged_or_each_has_a_row(self):
        write_wav("c2.wav", self.clean, self.clean)
        write_wav("p2.wav", self.better, self.noisy)
        mean = run_json("c2.wav", "p2.wav")["pairs"][0]["rows"]
        each = run_json("c2.wav", "p2.wav", "--channels", "each")["pairs"][0]["rows"]
        self.assertEqual((len(mean), len(each)), (1, 2))
        for figure in ("si_sdr", "stoi", "rmse"):
            values = [row["processed"][figure] for row in each]
            self.assertAlmostEqual(mean[0]["processed"][figure], sum(values) / 2, 7)
        self.assertGreater(each[0]["processed"]["stoi"], each[1]["processed"]["stoi"])
        self.assertIn("c2.wav [2]", run("c2.wav", "p2.wav", "--channels", "each").stdout)
        one = run_json("c2.wav", "p2.wav", "--columns", "2")["pairs"][0]["rows"]
        self.assertEqual(one[0]["processed"], each[1]["processed"])
        self.assertIn("not 3", run("c2.wav", "p2.wav", "--columns", "3", code=1).stderr)

    def test_tables_of_numbers_are_read(self):
        rows = [(i / 10, math.sin(i / 9)) for i in range(500)]
        write_text("c.csv", "# seconds and volts\n\nt,v\n" + "".join("%r,%r\n" % row for row in rows))
        write_text(
            "p.csv",
            "# made by hand\n" + "".join("%r ; %r\r\n" % (t, v + 0.125) for t, v in rows) + "\n",
        )
        processed = run_json("c.csv", "p.csv", "--columns", "2")["pairs"][0]["rows"][0]["processed"]
        self.assertAlmostEqual(processed["rmse"], 0.125, 9)
        self.assertAlmostEqual(processed["correlation"], 1, 9)
        self.assertIsNone(processed["stoi"])
        self.assertNotIn("STOI", run("c.csv", "p.csv").stdout)
        gaps = ["%r,%s" % (t, "nan" if i % 5 == 0 else v) for i, (t, v) in enumerate(rows)]
        write_text("g.csv", "\n".join(gaps))
        done = run("c.csv", "g.csv", "--columns", "2")
        self.assertIn("100 samples are missing", done.stderr)
        write_text("bad.csv", "1,2\n3,x\n")
        self.assertIn("bad.csv: line 2 is not made of numbers", run("c.csv", "bad.csv", code=1).stderr)
        write_text("ragged.csv", "1,2\n3\n4,5\n")
        self.assertIn("line 2 has no column 2", run("c.csv", "ragged.csv", code=1).stderr)
        write_text("empty.csv", "")
        self.assertIn("is empty", run("c.csv", "empty.csv", code=1).stderr)

    def test_what_sordino_writes_is_read(self):
        values = [math.sin(i / 9) for i in range(300)]
        clock = ["2020-01-01T00:%02d:%02d.%03dZ" % (i // 600, i // 10 % 60, i % 10 * 100) for i in range(300)]
        for head, row in (("when;state;a\n;;mV\n", "%s;on;%s\n"), ("", "%s\ton\t%s\n"), ("a|b|c\n", "%s|5|%s\n"),
                          ("Model;X1\nSample Interval;1e-3\nTIME;mode;CH1\n", "%s;1;%s\n")):
            for name, more in (("c.csv", 0), ("p.csv", 0.125)):
                cells = [("%.4f" % (v + more)).replace(".", ",") for v in values]
                write_text(name, head + "".join(row % pair for pair in zip(clock, cells)))
            row_of = run_json("c.csv", "p.csv")["pairs"][0]
            self.assertAlmostEqual(row_of["rows"][0]["processed"]["rmse"], 0.125, 3)
            self.assertEqual(len(row_of["rows"]), 1)

    def test_a_table_with_a_rate_is_aligned(self):
        noise = random.Random(SEED)
        values = [noise.gauss(100, 1) for _ in range(400)]
        write_text("c.csv", "\n".join(map(repr, values)))
        write_text("p.csv", "\n".join(map(repr, [100.0] * 3 + values)))
        self.assertEqual(run_json("c.csv", "p.csv", "--rate", "10")["pairs"][0]["delay_samples"], 3)
        self.assertEqual(run_json("c.csv", "p.csv")["pairs"][0]["delay_samples"], 0)

    def test_raw_samples_are_read(self):
        for name, values in (("c.bin", self.clean), ("p.bin", self.better)):
            samples = array.array("d", values)
            if sys.byteorder == "big":
                samples.byteswap()
            with open(name, "wb") as file:
                file.write(samples.tobytes())
        raw = run_json("c.bin", "p.bin", "--raw", "f64", "--rate", "16000")
        wav = run_json("clean.wav", "better.wav")
        a, b = (r["pairs"][0]["rows"][0]["processed"]["si_sdr"] for r in (raw, wav))
        self.assertAlmostEqual(a, b, 2)

    def test_a_users_measure_is_run_without_a_shell(self):
        write_text("measure.py", "import sys\nprint('MOS 1.5', len(sys.argv)); print('= %d.25' % "
                   "len(sys.argv[2]))\n")
        command = sys.executable + " measure.py -x"
        name = "a b;$(touch evil).wav"
        write_wav(name, self.better)
        pair = run_json("clean.wav", name, "--pesq-command", command)["pairs"][0]
        self.assertEqual(pair["rows"][0]["processed"]["pesq"], 9.25)
        self.assertFalse(os.path.exists("evil"))
        self.assertIn("PESQ", run("clean.wav", name, "--pesq-command", command).stdout)
        for broken, text in (("no-such-program", "cannot be run"), ("false", "failed"),
                             ("true", "printed no number"), (" ", "is empty")):
            done = run("clean.wav", name, "--pesq-command", broken, code=1)
            self.assertIn(text, done.stderr)

    def test_reports_are_written_once(self):
        self.make_folders()
        run("C", "P", "--noisy", "N", "--json", "r.json", "--csv", "r.csv", "-q")
        with open("r.json", encoding="utf-8") as file:
            report = json.load(file)
        with open("r.csv", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([row["name"] for row in rows], ["a.wav", "sub/b.wav", "sub/deep/c.wav"])
        self.assertAlmostEqual(
            float(rows[0]["change_stoi"]), report["pairs"][0]["rows"][0]["change"]["stoi"], 8
        )
        done = run("C", "P", "--json", "r.json", code=1)
        self.assertIn("r.json: is there already; add --force", done.stderr)
        run("C", "P", "--json", "r.json", "--force")
        self.assertIn("cannot be written", run("C", "P", "--csv", "no/r.csv", code=1).stderr)
        if os.path.exists("/dev/full"):
            done = run("C", "P", "--csv", "/dev/full", "-f", code=1)
            self.assertIn("No space left", done.stderr)
        out = run("C", "P", "--csv", "-").stdout
        self.assertEqual(len(list(csv.reader(io.StringIO(out)))), 4)

    def test_wrong_usage_ends_with_2_and_one_sentence(self):
        for arguments in (
            (), ("a",), ("a", "b", "c"), ("--align", "x", "a", "b"), ("--max-delay", "61", "a", "b"),
            ("--max-delay", "x", "a", "b"), ("--channels", "all", "a", "b"), ("-j", "0", "a", "b"),
            ("-j", "1.5", "a", "b"), ("--columns", "0", "a", "b"), ("--columns", "2-1", "a", "b"),
            ("--columns", "1,", "a", "b"), ("--rate", "-3", "a", "b"), ("--raw", "u8", "a", "b"),
            ("--raw", "s16", "a", "b"), ("--json", "-", "--csv", "-", "a", "b"),
            ("--raw-channels", "0", "a", "b"),
        ):
            done = run(*arguments, code=2)
            self.assertEqual(done.stdout, "", arguments)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertTrue(done.stderr.startswith("sordino-eval: "), done.stderr)
        for arguments, text in ((("--nope", "a", "b"), "--nope: is no option"),
                                (("-qx", "a", "b"), "-x: is no option"),
                                (("a", "b", "-j"), "-j: needs a value"),
                                (("a", "b", "--json"), "--json: needs a value"),
                                (("--quiet=1", "a", "b"), "takes no value")):
            self.assertIn(text, run(*arguments, code=2).stderr)

    def test_missing_and_mixed_arguments_are_told(self):
        os.mkdir("empty")
        self.assertIn("sordino-eval: gone.wav: cannot be found", run("gone.wav", "clean.wav", code=1).stderr)
        self.assertIn("all files or all folders", run("empty", "clean.wav", code=1).stderr)
        self.assertIn("holds no file that pairs", run("empty", "empty", code=1).stderr)

    def test_help_and_version_go_to_standard_output(self):
        text = run("--help").stdout
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()))
        self.assertIn("Usage: sordino-eval", text)
        self.assertRegex(run("--version").stdout, r"^sordino-eval \d+\.\d+\.\d+\n$")

    def test_a_progress_bar_is_shown_on_a_terminal_only(self):
        self.make_folders()
        self.assertNotIn("#", run("C", "P").stderr)
        for extra, shown in (((), True), (("-q",), False)):
            master, terminal = pty.openpty()
            subprocess.run([TOOL, "C", "P", *extra], stdout=subprocess.DEVNULL, stderr=terminal,
                           check=True, timeout=120)
            os.close(terminal)
            self.assertEqual(b"###] 3/3" in os.read(master, 4096), shown)
            os.close(master)


if __name__ == "__main__":
    print("SORDINO_TEST_SEED=%d" % SEED)
    unittest.main(argv=sys.argv[:1])
