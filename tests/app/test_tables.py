"""Tests that of a table only what is measured changes: test_tables.py SORDINO [ARGUMENT...].

SORDINO_TEST_SEED draws other tables, SORDINO_TEST_TABLES says how many (10000).
"""
import gzip
import json
import math
import os
import random
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import awkward_tables as awkward  # noqa: E402

TOOL = os.path.abspath(sys.argv[1])
SEED = int(os.environ.get("SORDINO_TEST_SEED", "1"))
TABLES = int(os.environ.get("SORDINO_TEST_TABLES", "10000"))
BATCH = 500


def sordino(*arguments, code=0):
    done = subprocess.run([TOOL, *map(str, arguments)], capture_output=True, timeout=280)
    assert done.returncode == code, (arguments, done.returncode, done.stderr[-600:])
    return done


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def signal(n, seed=SEED, noise=0.2):
    r = random.Random(seed)
    return [math.sin(i / 9) + r.gauss(0, noise) for i in range(n)]


def shape_of(cell, thousands=""):
    """How a number is written, without which number it is; digits behind the mark count."""
    plain = cell.replace(thousands, "") if thousands else cell
    parts = re.split(r"(?<=\d)[.,](?=\d)", re.sub(r"[-+]", "", plain))
    return re.sub(r"\d+", "0", parts[0]), [re.sub(r"\d", "0", p) for p in parts[1:]]


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        os.chdir(self.folder.name)

    def tearDown(self):
        os.chdir("/")

    def through(self, text, *options, name="in.csv"):
        """What comes out, as text, and what was told."""
        write(name, text)
        done = sordino("-f", *options, name, "out-" + name)
        return read("out-" + name).decode(), done.stderr.decode()

    def refused(self, text, *options):
        write("in.csv", text)
        lines = sordino("-f", *options, "in.csv", "out.csv", code=1).stderr.decode().splitlines()
        self.assertEqual(len(lines), 1, lines)
        self.assertFalse(os.path.exists("out.csv"))
        return lines[0]

    def rate(self, text, *options):
        write("in.csv", text)
        done = sordino("-f", "--json", *options, "in.csv", "out.csv")
        return json.loads(done.stdout)["files"][0]["rate"]

    def only(self, text, columns, *options, delimiter=",", skip=0, name="in.csv"):
        """Only these columns (from 0) change, and each does; the first `skip` lines do not."""
        out, told = self.through(text, *options, name=name)
        before, after = text.splitlines(), out.splitlines()
        self.assertEqual(len(before), len(after))
        self.assertEqual(before[:skip], after[:skip])
        changed = set()
        for one, other in zip(before[skip:], after[skip:]):
            a, b = awkward.split(one, delimiter), awkward.split(other, delimiter)
            self.assertEqual(len(a), len(b), other)
            changed |= {k for k in range(len(a)) if a[k] != b[k]}
        self.assertEqual(changed, set(columns), told)
        return told


class Kinds(Folder):
    def test_counters_clocks_codes_and_constants_stay(self):
        r = random.Random(SEED)
        columns = {
            "ts": lambda i: f"{1500000000 + i / 10:.1f}", "id": str, "count": lambda i: str(i + 7),
            "Unnamed: 0": str, "'sample #'": str, "'Elapsed time'": lambda i: f"{i / 10:.1f}",
            "x-axis": lambda i: f"{i / 10:.1f}", "time_us": lambda i: str(100000 * i),
            "status": lambda i: str(r.choice((0, 1, 4, 200))), "flag": lambda i: str(r.randint(0, 1)),
            "gain": lambda i: "2.5", "packet": lambda i: str(i % 16), "frame": lambda i: str(2 * i + i // 30),
        }
        values = signal(120)
        for name, cell in columns.items():
            text = f"{name},F\n" + "".join(f"{cell(i)},{v:.4f}\n" for i, v in enumerate(values))
            self.only(text, {1}, skip=1)
        names = list(columns)
        text = ",".join(names) + ",F\n" + "".join(
            ",".join(columns[k](i) for k in names) + f",{v:.4f}\n" for i, v in enumerate(values))
        told = self.only(text, {len(names)}, skip=1)
        self.assertIn("in.csv: denoises F; kept ", told)

    def test_two_rows_are_enough_for_a_name(self):
        out, told = self.through("frame,F\n1,5.0\n2,5.2\n")
        self.assertEqual([row.split(",")[0] for row in out.split()], ["frame", "1", "2"])
        self.assertIn("denoises F; kept frame (counter); no times, so rows are counted", told)

    def test_names_that_sound_alike_are_told_apart(self):
        for name in ("T (degC)", "reaction time [mV]", "Channel A", "Sample value", "count rate (Hz)"):
            text = f"k,{name}\n" + "".join(f"{i},{v:.4f}\n" for i, v in enumerate(signal(60)))
            self.only(text, {1}, skip=1)

    def test_the_only_column_that_could_be_meant_is_measured(self):
        r = random.Random(SEED)
        steps = "512\n" * 100 + "".join(f"{512 + r.choice((-20, 20))}\n" for _ in range(200))
        self.only(steps, {0})
        self.only("value\n" + "".join(f"{r.randint(0, 1)}\n" for _ in range(60)), {0}, skip=1)
        self.only("t,v\n" + "".join(f"{i / 10:.1f},{2 * r.randint(-1, 1) + 40}\n" for i in range(60)), {1}, skip=1)
        for text in ("t,v\n" + "".join(f"{i / 10:.1f},{r.randint(0, 1)}\n" for i in range(60)),
                     "status\n" + "".join(f"{r.choice((0, 200, 404))}\n" for i in range(60))):
            self.assertIn("no column that is measured", self.refused(text))

    def test_coarse_measurements_are_measured(self):
        r = random.Random(SEED)
        for cell in (lambda: str(512 + round(r.gauss(0, 0.8))), lambda: f"{20.5 + 0.1 * round(r.gauss(0, 1)):.1f}",
                     lambda: str(round(r.gauss(0, 3)))):
            text = "adc\n" + "".join(cell() + "\n" for _ in range(200))
            self.only(text, {0}, skip=1)

    def test_the_user_has_the_last_word(self):
        rows = [f"{i},{i % 7},{v:.3f},{v + 1:.3f}\n" for i, v in enumerate(signal(80))]
        text = "n,state,acc_x,acc_y\n" + "".join(rows)
        self.only(text, {2, 3}, skip=1)
        self.only(text, {1, 2}, "--columns", "state,acc_x", skip=1)
        self.only(text, {2, 3}, "--columns", "ACC_*", skip=1)
        self.only(text, {1, 3}, "--columns", "2-4", "--keep", "3", skip=1)
        self.only(text, {2}, "--keep", "*_y", skip=1)
        self.only(text, {1, 2, 3}, "--columns", "all", "--time", "n", skip=1)
        for wish in (("--keep", "9"), ("--keep", "b*"), ("--time", "when"), ("--columns", "x")):
            self.assertIn(f"has no column {wish[1]} for {wish[0]}", self.refused(text, *wish))

    def test_a_table_without_measurements_is_refused(self):
        told = self.refused("frame,state\n" + "".join(f"{i},{i * i % 5}\n" for i in range(50)))
        self.assertIn("has no column that is measured (frame is a counter, state is a code)", told)

    def test_a_constant_that_begins_to_move_is_told(self):
        rows = [f"{v:.3f},{1 if i < 9000 else v:.3f}\n" for i, v in enumerate(signal(9500))]
        _, told = self.through("a,b\n" + "".join(rows))
        self.assertIn("column 2 was constant in the first rows, and stays; it moves from line 9002 on", told)


PREAMBLES = {
    "tektronix": ("Model,MDO3024\nFirmware Version,1.30\n\nWaveform Type,ANALOG\nSample Interval,4e-10\n"
                  "Record Length,100\nHorizontal Units,s\nVertical Units,V\n,\nLabel,\nTIME,CH1\n",
                  lambda i, v: f"{-2e-6 + i * 4e-10:.5e},{v:.5f}\n", {1}, 2.5e9, ","),
    "keysight": ("x-axis,1\nsecond,Volt\n", lambda i, v: f"{-4.9e-5 + i * 1e-6:.6E},{v:.5E}\n", {1}, 1e6, ","),
    "rigol": ("X,CH1,CH2,Start,Increment,\nSequence,Volt,Volt,-6.000000e-04,1.000000e-06\n",
              lambda i, v: f"{i},{v:.2e},{2 * v:.2e},,\n", {1, 2}, 1e6, ","),
    "rigol new": ("Time(s),CH1(V),t0 = -0.0006, tInc = 2e-06,\n", lambda i, v: f"{i * 2e-6 - 6e-4:.8f},{v:.4f},,\n",
                  {1}, 5e5, ","),
    "picoscope": ("Time,Channel A,Channel B\n(ms),(mV),(V)\n\n",
                  lambda i, v: f"{-5 + i * .01:.8f},{100 * v:.6f},{v:.6f}\n", {1, 2}, 1e5, ","),
    "labview": ("LabVIEW Measurement\t\nWriter_Version\t2\nSeparator\tTab\nX_Columns\tNo\nDate\t2019/01/01\n"
                "Time\t10:00:00.123\n***End_of_Header***\t\n\t\nChannels\t2\t\nSamples\t100\t100\n"
                "Date\t2019/01/01\t2019/01/01\nY_Unit_Label\tVolts\tVolts\nX_Dimension\tTime\tTime\n"
                "X0\t0.0E+0\t0.0E+0\nDelta_X\t0.001000\t0.001000\n***End_of_Header***\t\t\n"
                "X_Value\tVoltage\tVoltage_0\tComment\n", lambda i, v: f"\t{v:.6f}\t{3 * v:.6f}\n", {1, 2}, 1000, "\t"),
    "empatica": ("1544027337.000000\n4.000000\n", lambda i, v: f"{0.76 + v / 10:.6f}\n", {0}, 4, ","),
    "empatica acc": ("1544027337.0, 1544027337.0\n32.0, 32.0\n", lambda i, v: f"{round(60 * v)},{round(40 * v)}\n",
                     {0, 1}, 32, ","),
    "physionet": ("'Elapsed time','MLII'\n'hh:mm:ss.mmm','mV'\n", lambda i, v: f"'0:{i / 250:06.3f}',{v:.3f}\n", {1},
                  250, ","),
    "openbci": ("%OpenBCI Raw EEG Data\n%Sample Rate = 250.0 Hz\n", lambda i, v: f"{i % 256}, {v:.2f}, 0.0\n", {1}, 250,
                ","),
}
SIDE = ("Record Length,2.500000e+03,", "Sample Interval,4.000000e-06,", "Trigger Point,1.250000000000e+03,", ",,", ",,",
        ",,", "Source,CH1,", "Vertical Units,V,", "Vertical Scale,5.000000e-01,", "Horizontal Units,s,")


class Preambles(Folder):
    def test_instruments_are_read(self):
        for name, (head, row, columns, rate, delimiter) in PREAMBLES.items():
            with self.subTest(name=name):
                text = head + "".join(row(i, v) for i, v in enumerate(signal(100)))
                file = "in.lvm" if name == "labview" else "in.csv"
                self.only(text, columns, delimiter=delimiter, skip=len(head.splitlines()), name=file)
                self.assertAlmostEqual(self.rate(text) / rate, 1, 5)

    def test_a_preamble_beside_the_data(self):
        text = "".join((SIDE[i] if i < len(SIDE) else ",,") + f",{-.005 + i * 4e-6:.12f},{v:10.5f},\n"
                       for i, v in enumerate(signal(100)))
        self.only(text, {4})
        self.assertAlmostEqual(self.rate(text), 250000, 3)


class Dialects(Folder):
    def test_times_over_decimal_commas(self):
        rows = "".join(f"12:{i // 60:02}:{i % 60:02};{20 + v:.2f}\n".replace(".", ",")
                       for i, v in enumerate(signal(100)))
        told = self.only(rows, {1}, delimiter=";")
        self.assertIn("1 Hz from column 1", told)

    def test_numbers_go_back_as_they_were_written(self):
        for row, delimiter in (
            (lambda v: f"{1234.5 + 100 * v:,.2f};1".replace(",", " ").replace(".", ",").replace(" ", "."), ";"),
            (lambda v: f"{1234.5 + 100 * v:,.1f};1", ";"), (lambda v: f'"{5 + v:.1f}",1'.replace(".", ",", 1), ","),
            (lambda v: f"{v:.3f}|1", "|"), (lambda v: f"${5 + v:.2f},1", ","), (lambda v: f"{v:.4E},1".replace("E", "D"), ","),
            (lambda v: f'="{5 + v:.2f}",1', ","), (lambda v: f"{v:+.3f},1", ","), (lambda v: f"{5 + v:.1f} %;1", ";"),
            (lambda v: f"{1234.5 + 100 * v:,.2f};1".replace(",", "'"), ";"),
            (lambda v: f"{1234.5 + 100 * v:,.2f};1".replace(",", "\u00a0").replace(".", ","), ";"),
        ):
            text = "".join(row(v) + "\n" for v in signal(100))
            self.only(text, {0}, delimiter=delimiter)
            out = read("out-in.csv").decode()
            marks = ". '\u00a0" if "," in row(1.0) and ", " not in row(1.0) else ""
            shapes = [{str(shape_of(line.split(delimiter)[0].translate({ord(m): None for m in marks}))) for line in t.splitlines()}
                      for t in (out, text)]
            self.assertLessEqual(shapes[0], shapes[1])

    def test_nothing_changes_where_nothing_is_taken(self):
        text = "t;a\n" + "".join(f"{i};{1234.5 + 100 * v:,.2f}\n" for i, v in enumerate(signal(100)))
        self.assertEqual(self.through(text, "--mix", 0)[0], text)

    def test_utf_16_comes_back_as_it_was(self):
        text = "t,\u00b5V\r\n" + "".join(f"{i / 50},{v:.3f}\r\n" for i, v in enumerate(signal(300)))
        for coding in ("utf-16", "utf-16-le", "utf-16-be"):
            mark = b"\xfe\xff" if coding == "utf-16-be" else b""
            write("in.csv", mark + text.encode(coding))
            sordino("-f", "--mix", 0, "in.csv", "same.csv")
            self.assertEqual(read("same.csv"), read("in.csv"))
            sordino("-f", "in.csv", "out.csv")
            self.assertNotEqual(read("out.csv"), read("in.csv"))
            self.assertEqual(read("out.csv").decode("utf-16" if not mark else coding)[1 if mark else 0:][:6], text[:6])

    def test_what_can_be_read_in_two_ways_is_refused(self):
        values = [2 + abs(v) for v in signal(50)]
        for text, where, choice in (
            ("a\tb\n" + "".join(f"{v:.3f}\t{v + 1:.3f}\n".replace(".", ",") for v in values), "line 2, column 1",
             ("--decimal", ",")),
            ("".join(f"{v:.2f}\n".replace(".", ",") for v in values), "line 1, column 1", ("--delimiter", ";")),
            ("a;b\n" + "".join(f"{v:.2f};{i}\n".replace(".", "," if i != 30 else ".") for i, v in enumerate(values)),
             "line 32, column 1", ("--keep", "1", "--columns", "2")),
            ("a,b\n" + "".join(f"{v:.2f},{v + 1:.2f}\n".replace(".", ",") for v in values), "line 2", ()),
        ):
            self.assertIn(where, self.refused(text))
            if choice:
                write("in.csv", text)
                sordino("-f", *choice, "in.csv", "out.csv")
                os.unlink("out.csv")

    def test_a_number_of_another_form_further_down_is_refused(self):
        rows = [f"{i};{v:.2f}\n".replace(".", ",") for i, v in enumerate(signal(9000))]
        rows[8500] = "8500;1.55\n"
        self.assertIn("line 8502, column 2: 1.55 is not written as", self.refused("t;a\n" + "".join(rows)))


class Rates(Folder):
    def test_every_clock_gives_the_rate(self):
        values = signal(60)
        for head, cell, rate in (
            ("when", lambda i: f"2020-03-01T10:00:{i / 2:06.3f}+01:00", 2), ("when", lambda i: f"2020-03-01 10:{i:02}:00Z", 1 / 60),
            ("t", lambda i: f"0:{i / 100:06.3f}", 100), ("Date", lambda i: f"3/{1 + i % 31}/2020" if i < 31 else f"4/{i - 30}/2020", 1 / 86400),
            ("Datum", lambda i: f"{1 + i % 28:02}.0{1 + i // 28}.2021 10:00", 1 / 86400), ("timestamp", lambda i: str(1500000000000 + 20 * i), 50),
            ("timestamp", lambda i: str(1500000000000000000 + 20000000 * i), 50), ("ts", lambda i: str(1500000000000000 + 500 * i), 2000),
            ("ts", lambda i: f"{1500000000 + i / 8:.3f}", 8), ("time", lambda i: f"23:59:{i:02}" if i < 60 else "", 1),
            ("clock", lambda i: f"{(23 * 3600 + 3570 + i) // 3600 % 24:02}:{(23 * 3600 + 3570 + i) // 60 % 60:02}:{(3570 + i) % 60:02}", 1),
            ("time", lambda i: f"12:00:{i:02} PM", 1), ("x", lambda i: f"{i / 300:.3f}", 300), ("time", lambda i: str(i // 8), 8),
        ):
            text = f"{head},a\n" + "".join(f"{cell(i)},{v:.3f}\n" for i, v in enumerate(values))
            with self.subTest(cell=cell(1)):
                if "28" not in cell(27) or head != "Datum":
                    self.assertAlmostEqual(self.rate(text) / rate, 1, 2)
                self.only(text, {1}, skip=1)

    def test_a_rate_that_is_not_known_is_told(self):
        text = "a,b\n" + "".join(f"{v:.3f},{v * v:.3f}\n" for v in signal(50))
        self.assertIn("no times, so rows are counted", self.through(text)[1])
        self.assertIn("250 Hz as said", self.through(text, "--rate", 250)[1])

    def test_what_only_rises_is_no_time(self):
        r = random.Random(SEED)
        ramp = "a,b\n" + "".join(f"{r.gauss(0, 1):.3f},{i / 2 + r.gauss(0, 0.01):.4f}\n" for i in range(100))
        self.assertIn("denoises a; kept b (clock); no times", self.only(ramp, {0}, skip=1))
        parts = "Year,Day,Hour,a\n" + "".join(
            f"2020,{1 + i // 24},{i % 24},{v:.3f}\n" for i, v in enumerate(signal(100)))
        told = self.only(parts, {3}, skip=1)
        self.assertNotIn("Hz from Hour", told)
        self.assertNotIn("jumps in time", told)

    def test_a_date_column_beside_a_time_of_day(self):
        text = "Date,Time,a\n" + "".join(
            f"2020-01-{1 + i // 60:02},{i % 60 // 30 + 11:02}:{i % 30:02}:00,{v:.3f}\n" for i, v in enumerate(signal(120)))
        told = self.through(text)[1]
        self.assertIn("denoises a; kept ", told)

    def test_a_gap_in_time_begins_the_estimate_anew(self):
        r = random.Random(SEED)
        rows = [f"{i / 10 + (30 if i > 200 else 0):.1f},{(9 if i > 200 else 3) + r.gauss(0, 0.02):.3f}\n" for i in range(400)]
        out, told = self.through("t,a\n" + "".join(rows))
        after = [float(line.split(",")[1]) for line in out.split()[1:]]
        self.assertTrue(all(abs(v - 3) < 0.2 for v in after[:201]), after[195:201])
        self.assertTrue(all(abs(v - 9) < 0.2 for v in after[201:]), after[201:206])
        self.assertIn("1 gaps or jumps in time", told)
        back = "t,a\n" + "".join(f"{(i if i < 200 else i - 200) / 10:.1f},{(3 if i < 200 else 9) + r.gauss(0, .02):.3f}\n"
                                for i in range(400))
        after = [float(line.split(",")[1]) for line in self.through(back)[0].split()[1:]]
        self.assertTrue(all(abs(v - 9) < 0.2 for v in after[200:]), after[198:205])

    def test_uneven_rows_come_back_at_their_own_times(self):
        r = random.Random(SEED)
        t, times = 0.0, []
        for _ in range(3000):
            t += r.choice((0.02, 0.05, 0.1, 0.3))
            times.append(t)
        clean = [3 * math.sin(t / 4) for t in times]
        noisy = [c + r.gauss(0, 0.5) for c in clean]
        text = "t,a\n" + "".join(f"{t:.3f},{v:.4f}\n" for t, v in zip(times, noisy))
        self.assertEqual(self.through(text, "--mix", 0)[0], text)
        out, told = self.through(text, "--lag", 30)
        after = [float(line.split(",")[1]) for line in out.split()[1:]]
        power = [sum((v - c) ** 2 for v, c in zip(values[300:], clean[300:])) for values in (after, noisy)]
        self.assertLess(power[0], 0.5 * power[1])
        self.assertIn("uneven, in the middle ", told)

    def test_missing_rows_are_bridged(self):
        r = random.Random(SEED)
        rows = [(i / 50, math.sin(i / 30) + r.gauss(0, 0.2)) for i in range(2000) if i < 500 or r.random() > 0.1]
        text = "t,a\n" + "".join(f"{t:.2f},{v:.4f}\n" for t, v in rows)
        self.assertEqual(self.through(text, "--mix", 0)[0], text)
        out, told = self.through(text)
        self.assertEqual(len(out), len(text) - sum(len(a) - len(b) for a, b in zip(text.split(), out.split())))
        self.assertIn("rows were placed by their times", told)


class Packed(Folder):
    def test_gzip_goes_in_and_out(self):
        text = "t,a\n" + "".join(f"{i / 10},{v:.4f}\n" for i, v in enumerate(signal(5000)))
        plain = self.through(text)[0]
        packed = gzip.compress(text[:30000].encode()) + gzip.compress(text[30000:].encode())
        write("in.csv.gz", packed)
        sordino("in.csv.gz", "plain.csv")
        self.assertEqual(read("plain.csv").decode(), plain)
        for name in ("a.csv.gz", "b.csv.gz"):
            sordino("in.csv.gz", name)
        self.assertEqual(gzip.decompress(read("a.csv.gz")).decode(), plain)
        self.assertEqual(read("a.csv.gz"), read("b.csv.gz"))
        write("in.csv", packed)  # whatever its name
        sordino("-f", "in.csv", "plain.csv")
        self.assertEqual(read("plain.csv").decode(), plain)

    def test_what_is_cut_off_is_told(self):
        packed = gzip.compress("".join(f"{v:.6f}\n" for v in signal(60000)).encode())
        for damaged in (packed[:-1000], packed[:-8] + bytes(8), packed[:90000] + bytes(1000) + packed[91000:]):
            write("in.csv.gz", damaged)
            told = sordino("in.csv.gz", "out.csv", code=1).stderr.decode()
            self.assertEqual(told.count("\n"), 1)
            self.assertTrue(told.startswith("sordino: in.csv.gz: "))
            if len(damaged) < len(packed):
                self.assertIn("cannot be read on (", told)
            self.assertFalse(os.path.exists("out.csv"))


class Missing(Folder):
    def test_sentinels_are_noticed(self):
        values = signal(200)
        for sentinel in ("-9999", "-999.0", "1e30", "9999", "-99"):
            text = "t,a\n" + "".join(f"{i / 10},{sentinel if i % 17 == 5 else format(v, '.3f')}\n"
                                     for i, v in enumerate(values))
            out, told = self.through(text)
            self.assertEqual([line.split(",")[1] for line in out.split()[6::17]], [sentinel] * 12)
            self.assertLess(max(abs(float(c)) for c in (line.split(",")[1] for line in out.split()[1:]) if c != sentinel), 3)
            self.assertIn("12 cells hold", told)

    def test_values_are_named(self):
        text = "a\n" + "".join(f"{0 if i % 11 == 3 else v:.3f}\n" for i, v in enumerate(v + 3 for v in signal(200)))
        out = self.through(text, "--missing", "-1,0")[0].split()[1:]
        self.assertEqual(out[3::11], ["0.000"] * 18)
        self.assertGreater(min(float(v) for i, v in enumerate(out) if i % 11 != 3), 1)
        self.assertIn("give numbers, as in -9999,-1", self.refused(text, "--missing", "bad"))

    def test_words_for_nothing_stay(self):
        for gap in awkward.GAPS + ("#N/A", "inf", "-Infinity", "NULL", "None", "<NA>", "#DIV/0!", "1.#QNAN"):
            text = "t,a\n" + "".join(f"{i / 10},{gap if i % 17 == 5 else format(v, '.3f')}\n"
                                     for i, v in enumerate(signal(100)))
            out, _ = self.through(text)
            self.assertEqual([line.split(",")[1] for line in out.split("\n")[6::17] if line], [gap] * 6)

    def test_what_a_float_cannot_hold_stays_and_is_told(self):
        cells = [f"{v:.3f}" for v in signal(100)]
        cells[50], cells[60], cells[70] = "1e39", "1e-39", "-1e300"
        out, told = self.through("t,a\n" + "".join(f"{i / 10},{c}\n" for i, c in enumerate(cells)))
        after = [line.split(",")[1] for line in out.split()[1:]]
        self.assertEqual((after[50], after[60], after[70]), ("1e39", "1e-39", "-1e300"))
        self.assertIn("3 cells hold numbers past single precision, and stay (the first in line 52)", told)


class Random(Folder):
    def verify(self, table, text):
        before, after = table.rows_of(table.text()), table.rows_of(text)
        self.assertIsNotNone(after, "rows were lost, or lines above them changed")
        changed = [0] * len(table.columns)
        for one, other in zip(before, after):
            self.assertEqual(len(one), len(other), other)
            for k, column in enumerate(table.columns):
                if one[k] == other[k]:
                    continue
                changed[k] += 1
                self.assertEqual(column.kind, "measured", (column.name, one[k], other[k]))
                bare = one[k].strip('"')
                self.assertNotIn(bare, column.missing)
                marks = table.dialect.thousands
                self.assertEqual(shape_of(one[k], marks), shape_of(other[k], marks), (one[k], other[k]))
        for k, column in enumerate(table.columns):
            if column.kind == "measured":
                self.assertGreater(changed[k], 2, column.name)

    def test_only_what_is_measured_changes(self):
        for start in range(0, TABLES, BATCH):
            tables = [awkward.draw(random.Random(f"{SEED} {i}")) for i in range(start, min(start + BATCH, TABLES))]
            os.makedirs("in", exist_ok=True)
            for i, table in enumerate(tables):
                write(f"in/{i}.csv", table.bytes())
            done = subprocess.run([TOOL, "-f", "-q", "-j", "2", "--block", "64", "-d", "out"] + [f"in/{i}.csv" for i in range(len(tables))],
                                  capture_output=True, timeout=280)
            self.assertEqual((done.returncode, done.stderr), (0, b""), f"table {start} on")
            for i, table in enumerate(tables):
                try:
                    self.verify(table, read(f"out/{i}.csv").decode(table.dialect.coding))
                except AssertionError as error:
                    raise AssertionError(f"table {start + i}: {error}\n{table.text()[:600]}") from error


if __name__ == "__main__":
    print("seed", SEED)
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
