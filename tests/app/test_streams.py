"""sordino on pipes, on samples without a header and on tables.

    test_streams.py SORDINO
"""
import array
import json
import math
import os
import random
import re
import resource
import select
import struct
import subprocess
import sys
import tempfile
import time
import unittest

TOOL = os.path.abspath(sys.argv[1])
SEED = int(os.environ.get("SORDINO_TEST_SEED", "1"))
SANITIZED = b"__asan_init" in open(TOOL, "rb").read()
OPEN = 0xFFFFFFFF  # a length that is not known


def run(*arguments, code=0, data=b"", **more):
    done = subprocess.run(
        [TOOL, *map(str, arguments)], capture_output=True, timeout=280, input=data, **more
    )
    assert done.returncode == code, (arguments, done.returncode, done.stdout[-500:], done.stderr)
    return done


def fails(*arguments, code=1, data=b""):
    """The one line that tells why, without the program's name."""
    lines = run(*arguments, code=code, data=data).stderr.decode().splitlines()
    assert len(lines) == 1 and lines[0].startswith("sordino: "), lines
    assert not lines[0].endswith("."), lines
    return lines[0][len("sordino: "):]


def draw(n, level=0.2):
    """A tone that comes and goes, with noise."""
    noise = random.Random(SEED)
    return [
        0.3 * math.sin(0.19 * i) * (i % 4000 < 2000) + level * noise.uniform(-1, 1)
        for i in range(n)
    ]


def encode(samples, kind, order="<"):
    if kind == "f32":
        return struct.pack(f"{order}{len(samples)}f", *samples)
    if kind == "f64":
        return struct.pack(f"{order}{len(samples)}d", *samples)
    bits = int(kind[1:])
    full = 1 << (bits - 1)
    whole = (max(-full, min(full - 1, round(full * v))) for v in samples)
    if kind == "u8":
        return bytes(v + 128 for v in whole)
    return b"".join(v.to_bytes(bits // 8, "big" if order == ">" else "little", signed=True)
                    for v in whole)


WIDTH = {"u8": 1, "s8": 1, "s16": 2, "s24": 3, "s32": 4, "f32": 4, "f64": 8}
GUID = bytes.fromhex("000000001000800000aa00389b71")


def wav(data, kind, channels=1, rate=16000, size=None, tag=None, extensible=False, riff=b"RIFF",
        before=b""):
    width = WIDTH[kind]
    tag = tag or (3 if kind[0] == "f" else 1)
    fmt = struct.pack("<HHIIHH", 0xFFFE if extensible else tag, channels, rate,
                      rate * channels * width % 2**32, channels * width % 2**16, 8 * width)
    if extensible:
        fmt += struct.pack("<HHIH", 22, 8 * width, 0, tag) + GUID
    size = len(data) if size is None else size
    return (riff + struct.pack("<I", OPEN) + b"WAVE" + before + b"fmt " +
            struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", size) + data)


def au(data, code, channels=1, rate=16000, size=OPEN):
    return b".snd" + struct.pack(">6I", 28, size, code, rate, channels, 0) + data


def samples_of(stream):
    """What follows the header of a WAV written to a pipe; and its format."""
    assert stream[:4] == b"RIFF" and stream[8:16] == b"WAVEfmt ", stream[:16]
    n = struct.unpack_from("<I", stream, 16)[0]
    assert stream[20 + n:24 + n] == b"data"
    assert struct.unpack_from("<I", stream, 24 + n)[0] == OPEN
    tag, channels, rate, _, align, bits = struct.unpack_from("<HHIIHH", stream, 20)
    if tag == 0xFFFE:
        tag = struct.unpack_from("<H", stream, 44)[0]
    return stream[28 + n:], (tag, channels, rate, align, bits)


def contents(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def data_chunk(path):
    data, at = contents(path), 12
    while data[at:at + 4] != b"data":
        size = struct.unpack_from("<I", data, at + 4)[0]
        at += 8 + size + size % 2
    return data[at + 8:at + 8 + struct.unpack_from("<I", data, at + 4)[0]]


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        os.chdir(self.folder.name)

    def tearDown(self):
        for name in os.listdir("."):
            self.assertNotIn(".sordino-", name)
        os.chdir("/")
        self.folder.cleanup()


class Pipes(Folder):
    def test_a_pipe_gives_the_samples_a_file_gives(self):
        x = draw(12000)
        for kind in ("u8", "s16", "s24", "s32", "f32", "f64"):
            for channels in (1, 2, 6):
                stream = wav(encode(x, kind), kind, channels, extensible=channels > 2)
                write("in.wav", stream[:4] + struct.pack("<I", len(stream) - 8) + stream[8:])
                run("-f", "in.wav", "out.wav")
                out, fmt = samples_of(run("-", "-", data=stream).stdout)
                width = WIDTH[kind]
                self.assertEqual(fmt, (3 if kind[0] == "f" else 1, channels, 16000,
                                       channels * width, 8 * width))
                self.assertEqual(len(out), 12000 * width)
                self.assertTrue(out == data_chunk("out.wav"), (kind, channels))

    def test_the_length_of_a_stream_may_be_left_open(self):
        data = encode(draw(3001), "s16")
        whole = run("-", "-", data=wav(data, "s16")).stdout
        for size in (0, OPEN, OPEN - 36, 0x7FFFFFFF, 0x7FFFF000, 0x80000000):
            self.assertTrue(run("-", "-", data=wav(data, "s16", size=size)).stdout == whole, size)

    def test_what_follows_the_samples_is_not_sound(self):
        data = encode(draw(3000), "s16")
        more = wav(data, "s16") + b"LIST\4\0\0\0abcd"
        self.assertEqual(len(samples_of(run("-", "-", data=more).stdout)[0]), len(data))

    def test_long_headers_are_read(self):
        data = encode(draw(3000), "s16")
        whole = run("-", "-", data=wav(data, "s16")).stdout
        sizes = b"ds64" + struct.pack("<IQQQI", 28, OPEN, len(data), 3000, 0)
        for magic in (b"RF64", b"BW64"):
            long = wav(data + b"tail", "s16", size=OPEN, riff=magic, before=sizes)
            self.assertTrue(run("-", "-", data=long).stdout == whole)
        odd = wav(data, "s16", before=b"junk\3\0\0\0abc\0")
        self.assertTrue(run("-", "-", data=odd).stdout == whole)

    def test_au_goes_in_and_out(self):
        x = draw(3000)
        for code, kind in ((2, "s8"), (3, "s16"), (4, "s24"), (5, "s32"), (6, "f32"), (7, "f64")):
            data = encode([round(v * 2**20) / 2**20 for v in x], kind, ">")  # a float holds 24 bits
            out = run("-", "-", data=au(data, code)).stdout
            self.assertEqual(out[:4] + out[8:24], b".snd" + struct.pack(">4I", OPEN, code, 16000, 1))
            same = run("--mix", 0, "--no-dither", "-", "-", data=au(data, code, size=len(data))).stdout
            self.assertTrue(same[28:] == data, kind)
        out = run("--format", "au", "-", "-", data=wav(encode(x, "s16"), "s16")).stdout
        self.assertEqual(out[:4], b".snd")

    def test_the_bytes_do_not_depend_on_how_they_arrive(self):
        stream = wav(encode(draw(4000), "s24"), "s24", 2)
        whole = run("-", "-", data=stream).stdout
        cut = random.Random(SEED)
        for most in (1, 50, 3000):
            with subprocess.Popen([TOOL, "-", "out.raw", "--format", "raw", "-f"],
                                  stdin=subprocess.PIPE, bufsize=0) as tool:
                at = 0
                while at < len(stream):
                    n = cut.randint(1, most) if at < 600 else 5000
                    tool.stdin.write(stream[at:at + n])
                    at += n
                    time.sleep(0.002)  # for the tool to see the piece by itself
                tool.stdin.close()
                self.assertEqual(tool.wait(100), 0)
            self.assertTrue(contents("out.raw") == samples_of(whole)[0], most)
        for block in (1, 333, 65536):
            self.assertTrue(run("--block", block, "-", "-", data=stream).stdout == whole, block)

    def test_what_comes_in_goes_out_before_the_end(self):
        with subprocess.Popen([TOOL, "--raw", "f32le", "--rate", "100", "-", "-"], bufsize=0,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as tool:
            for _ in range(3):
                tool.stdin.write(encode([1, 2, 3], "f32"))
                ready, _, _ = select.select([tool.stdout], [], [], 60)
                self.assertTrue(ready)
                self.assertEqual(len(tool.stdout.read(12)), 12)
            tool.stdin.close()
            self.assertEqual(tool.wait(100), 0)

    def test_a_file_given_as_standard_input_may_be_of_any_format(self):
        write("in.wav", wav(encode(draw(3000), "s16"), "s16"))
        run("in.wav", "in.flac")
        with open("in.flac", "rb") as file:
            out = subprocess.run([TOOL, "-", "-"], stdin=file, capture_output=True, check=True).stdout
        self.assertEqual(len(samples_of(out)[0]), 6000)

    def test_named_pipes_serve_as_inputs_and_outputs(self):
        stream = wav(encode(draw(3000), "s16"), "s16")
        os.mkfifo("in.fifo")
        os.mkfifo("out.fifo")
        with subprocess.Popen([TOOL, "in.fifo", "out.fifo"]) as tool:
            write("in.fifo", stream)
            self.assertTrue(contents("out.fifo") == run("-", "-", data=stream).stdout)
            self.assertEqual(tool.wait(100), 0)

    def test_a_stream_that_ends_early_says_how_much_there_is(self):
        stream = wav(encode(draw(16000), "s16"), "s16")[:44 + 24000]
        self.assertEqual(fails("-", "out.wav", data=stream),
                         "-: data ends 8 kB early; the first 0.75 s can be kept with --salvage")
        self.assertFalse(os.path.exists("out.wav"))
        out = run("--salvage", "-", "-", data=stream)
        self.assertEqual(len(samples_of(out.stdout)[0]), 24000)
        self.assertIn(b"8 kB early", out.stderr)

    def test_streams_that_cannot_be_read(self):
        data = encode(draw(100), "s16")
        for stream, text in (
            (b"", "-: is empty; "),
            (b"RI", "-: is no WAV or AU stream; "),
            (b"ID3" + bytes(1000), "-: is no WAV or AU stream; "),
            (wav(data, "s16")[:30], "-: has a header cut off after 30 bytes; "),
            (wav(data, "s16", channels=0), "-: has a header of no channels; "),
            (wav(data, "s16", rate=0), "-: has a header of 0 Hz; "),
            (wav(data, "s16", rate=2**32 - 1), "-: has a header of 4294967295 Hz; "),
            (wav(data, "s16", tag=17), "-: has samples of kind 17 with 16 bits, "),
            (wav(data, "s16", channels=65), "-: has 65 channels; up to 64 are served"),
            (au(data, 3, channels=2**32 - 1), "-: has a header of 4294967295 channels; "),
            (au(data, 3, channels=0), "-: has a header of no channels; "),
            (au(data, 27), "-: has AU samples of kind 27, "),
            (wav(data, "s16", before=b"data\0\0\0\0"), "-: has a header with no format "),
        ):
            self.assertTrue(fails("-", "-", data=stream).startswith(text), (text, stream[:60]))

    def test_formats_that_need_a_file_are_refused_in_a_pipe(self):
        stream = wav(encode(draw(100), "s16"), "s16")
        self.assertTrue(fails("--format", "flac", "-", "-", data=stream).startswith(
            "-: cannot be a stream of flac; choose --format wav, au or raw"))
        self.assertTrue(fails("--subtype", "ulaw", "-", "-", data=stream).startswith(
            "-: cannot be ulaw without a file format; "))
        self.assertTrue(fails("--learn-noise", "0-0.1", "-", "-", data=stream).startswith(
            "-: is a pipe, and --learn-noise reads twice; "))

    def test_a_full_output_is_an_error(self):
        stream = wav(encode(draw(100000), "s16"), "s16")
        with open("/dev/full", "wb") as full:
            done = subprocess.run([TOOL, "-", "-"], input=stream, stdout=full,
                                  stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"sordino: -: no space left", done.stderr)


class Samples(Folder):
    def test_every_encoding_comes_back_bit_for_bit(self):
        x = draw(2000)
        for kind in WIDTH:
            for order, name in (("<", "le"), (">", "be")):
                # What a float holds: 24 bits.
                data = encode([round(v * 2**20) / 2**20 for v in x], kind, order)
                name = kind if WIDTH[kind] == 1 else kind + name
                out = run("--raw", name, "--rate", 48000, "--mix", 0, "--no-dither", "-", "-",
                          data=data).stdout
                self.assertTrue(out == data, name)

    def test_raw_files_are_what_raw_pipes_are(self):
        data = encode(draw(3000), "f32")
        write("in.f32", data)
        options = ("--raw", "f32le", "--rate", 16000, "--channels", 3)
        run(*options, "in.f32", "out.f32")
        self.assertTrue(run(*options, "-", "-", data=data).stdout == contents("out.f32"))
        self.assertEqual(len(contents("out.f32")), len(data))
        run(*options, "in.f32", "out.wav")
        self.assertTrue(data_chunk("out.wav") == contents("out.f32"))
        write("in.wav", wav(data, "f32", 3))
        run("--format", "raw", "in.wav", "again.f32")
        self.assertTrue(contents("again.f32") == contents("out.f32"))

    def test_samples_at_a_low_rate_are_a_sensor_s(self):
        data = encode(draw(500), "f32")
        for rate, sensor in ((0.5, True), (360, True), (8000, False)):
            write("in.f32", data)
            report = run("-f", "--json", "--raw", "f32", "--rate", rate, "in.f32", "o.f32").stdout
            self.assertEqual(json.loads(report)["files"][0]["method"] == "kalman", sensor)
        self.assertTrue(fails("--raw", "f32", "--rate", 0.5, "in.f32", "o.wav").startswith(
            "o.wav: cannot hold a rate of 0.5 Hz, only whole ones; "))

    def test_bytes_that_fill_no_frame_are_left_out(self):
        data = encode(draw(100), "s16")
        options = ("--raw", "s16", "--rate", 16000, "--channels", 2)
        write("in.raw", data + b"abc")
        run(*options, "in.raw", "out.raw")
        self.assertEqual(len(contents("out.raw")), len(data))
        self.assertTrue(run(*options, "-", "-", data=data + b"abc").stdout == contents("out.raw"))

    def test_gaps_stay_where_they_are_or_are_filled(self):
        x = draw(1000)
        where = [0, 7, 8, 500, 999]
        for i in where:
            x[i] = math.nan if i % 2 else math.inf
        data = encode(x, "f32")
        options = ("--raw", "f32", "--rate", 100)
        for lag in (0, 40):
            for block in (1, 9, 4096):
                out = array.array("f", run(*options, "--lag", lag, "--block", block, "-", "-",
                                           data=data).stdout)
                self.assertEqual([i for i, v in enumerate(out) if not math.isfinite(v)], where)
        out = array.array("f", run(*options, "--gaps", "fill", "-", "-", data=data).stdout)
        self.assertTrue(all(map(math.isfinite, out)))
        write("in.f32", data)
        report = json.loads(run("--json", *options, "in.f32", "out.f32").stdout)
        self.assertEqual(report["files"][0]["gaps"], len(where))

    def test_wrong_options_end_with_2(self):
        self.assertIn("needs a rate", fails("--raw", "f32le", "a", "b", code=2))
        self.assertIn("--raw: 'f16' is not served; give ", fails("--raw", "f16", "a", "b", code=2))


def table(n=200, comma=",", point=".", end="\n", header=True, last=True, text="on"):
    """Rows of time, a text, and two signals; gaps in both."""
    noise = random.Random(SEED)
    rows = [comma.join(("time", "state", "a", "b"))] if header else []
    for i in range(n):
        values = (i / 50, math.sin(i / 9) + noise.gauss(0, 0.2), 5 + noise.gauss(0, 1))
        t, a, b = (f"{v:.6g}".replace(".", point) for v in values)
        rows.append(comma.join((t, text, "" if i % 31 == 3 else a, "NA" if i % 29 == 4 else b)))
    return end.join(rows) + (end if last else "")


def cells(text, comma=","):
    return [line.split(comma) for line in text.splitlines()]


def number(cell, point="."):
    try:
        return struct.unpack("f", struct.pack("f", float(cell.replace(point, "."))))[0]
    except ValueError:
        return cell


SHAPES = (
    {}, {"comma": ";"}, {"comma": "\t"}, {"comma": ";", "point": ","}, {"comma": "\t", "point": ","},
    {"end": "\r\n"}, {"header": False}, {"last": False}, {"text": '"x, ""y"" ; z"'},
    {"end": "\r\n", "text": '"two\nlines"'},
)


class Tables(Folder):
    def assertTablesEqual(self, a, b, point="."):
        """The same but for how numbers are written."""
        plain = r"[-+0-9" + re.escape(point) + r"e]+"
        self.assertEqual(re.sub(plain, "0", a), re.sub(plain, "0", b))
        for one, other in zip(re.findall(plain, a), re.findall(plain, b)):
            self.assertEqual(number(one, point), number(other, point))

    def test_nothing_changes_when_nothing_is_taken_away(self):
        for shape in SHAPES:
            text = table(**shape)
            out = run("--csv", "--mix", 0, "-", "-", data=text.encode()).stdout.decode()
            self.assertTablesEqual(text, out, shape.get("point", "."))

    def test_only_the_signals_change(self):
        for shape in SHAPES[:8]:
            comma = shape.get("comma", ",")
            before = cells(table(**shape), comma)
            out = run("--csv", "-", "-", data=table(**shape).encode()).stdout.decode()
            after = cells(out, comma)
            self.assertEqual(len(before), len(after))
            changed = [0] * 4
            for one, other in zip(before, after):
                self.assertEqual(len(one), len(other))
                for k in range(4):
                    changed[k] += one[k] != other[k]
                    if one[k] in ("", "NA"):
                        self.assertEqual(other[k], one[k])
            self.assertEqual(changed[:2], [0, 0])
            self.assertTrue(min(changed[2:]) > 150, changed)

    def test_rows_go_out_before_the_table_ends(self):
        head = table(3000).encode()
        with subprocess.Popen([TOOL, "--csv", "-", "-"], bufsize=0, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as tool:
            tool.stdin.write(head)
            got = b""
            while got.count(b"\n") < 2999:
                self.assertTrue(select.select([tool.stdout], [], [], 60)[0])
                got += tool.stdout.read(65536)
            tool.stdin.write(b"60,on,1,2\n61,on,1,2\n")
            self.assertTrue(select.select([tool.stdout], [], [], 60)[0])
            self.assertIn(b"60,on,", tool.stdout.read(65536))
            tool.stdin.close()
            self.assertEqual(tool.wait(100), 0)

    def test_tables_become_smoother(self):
        noise = random.Random(SEED)
        clean = [10 * math.sin(i / 40) for i in range(2000)]
        text = "x\n" + "".join(f"{v + noise.gauss(0, 1):.4f}\n" for v in clean)
        out = run("--csv", "--lag", 20, "-", "-", data=text.encode()).stdout.decode().split()[1:]
        error = sum((float(o) - c) ** 2 for o, c in zip(out[200:], clean[200:])) / 1800
        self.assertLess(error, 0.5)  # half the noise's power is gone at the least

    def test_runs_of_spaces_and_comments_are_kept(self):
        noise = random.Random(SEED)
        text = "# made by hand\n#  t  x\n\n" + "".join(
            f"{i / 100:8.3f} {noise.gauss(0, 1):10.5f}   \n" for i in range(100)) + "# end\n\n"
        write("in.txt", text)
        report = json.loads(run("--json", "--mix", 0, "in.txt", "out.txt").stdout)["files"][0]
        self.assertTablesEqual(text, contents("out.txt").decode())
        self.assertEqual((report["rate"], report["channels"], report["frames"]), (100, 1, 100))
        self.assertIn("# end\n\n", contents("out.txt").decode())

    def test_byte_order_marks_and_header_rows_of_units_are_kept(self):
        text = "\ufeffvalue,note\r\nmV,\r\n" + "".join(f"{i * i % 97},n\r\n" for i in range(50))
        out = run("--csv", "--mix", 0, "-", "-", data=text.encode()).stdout.decode()
        self.assertEqual(out, text)

    def test_time_is_found_with_its_unit(self):
        for name, step, rate in (("time", 0.01, 100), ("t (ms)", 10, 100), ("Time_us", 10, 1e5),
                                 ("timestamp [min]", 0.5, 1 / 30), ("elapsed/s", 4, 0.25)):
            write("in.csv", f"{name},x\n" + "".join(f"{i * step:.9g},{i * i % 97}\n" for i in range(99)))
            report = json.loads(run("-f", "--json", "in.csv", "out.csv").stdout)["files"][0]
            self.assertAlmostEqual(report["rate"] / rate, 1, 6)
            self.assertEqual(report["channels"], 1)
        report = json.loads(run("-f", "--json", "--time-column", "none", "--columns", "1-2", "in.csv",
                                "out.csv").stdout)
        self.assertEqual(report["files"][0]["channels"], 2)
        write("in.csv", "x,when\n" + "".join(f"{i * i % 97},{i / 8}\n" for i in range(99)))
        report = json.loads(run("-f", "--json", "--time-column", 2, "in.csv", "out.csv").stdout)
        self.assertEqual((report["files"][0]["rate"], report["files"][0]["channels"]), (8, 1))
        report = json.loads(run("-f", "--json", "--rate", 7, "--columns", 1, "in.csv", "o.csv").stdout)
        self.assertEqual(report["files"][0]["rate"], 7)

    def test_uneven_steps_are_told(self):
        rows = [i / 10 + (5 if i > 50 else 0) for i in range(100)]
        write("in.csv", "t,x\n" + "".join(f"{t},{i * i % 97}\n" for i, t in enumerate(rows)))
        told = run("in.csv", "out.csv").stderr.decode()
        self.assertIn("in.csv: 1 of 99 time steps are not 0.1 s (the first before row 52)", told)
        self.assertEqual(run("-q", "-f", "in.csv", "out.csv").stderr, b"")

    def test_columns_are_chosen_by_number_and_name(self):
        noise = random.Random(SEED)
        names = [f"c{i}" for i in range(1, 9)]
        rows = [[f"{noise.gauss(0, 1):.5f}" for _ in names] for _ in range(100)]
        text = "\n".join(map(",".join, [names] + rows)) + "\n"
        for wish, expected in (("2", [1]), ("c3,5-6", [2, 4, 5]), ("1-8", list(range(8)))):
            after = cells(run("--csv", "--columns", wish, "-", "-", data=text.encode())
                          .stdout.decode())
            changed = [k for k in range(8) if any(a[k] != b[k] for a, b in zip(rows, after[1:]))]
            self.assertEqual(changed, expected)
        for wish in ("9", "c9", "3-9", "0"):
            self.assertIn("-: has no column " + wish,
                          fails("--csv", "--columns", wish, "-", "-", data=text.encode()))
        self.assertIn("-: has no column 9 for --time; ",
                      fails("--csv", "--time-column", 9, "-", "-", data=text.encode()))

    def test_more_columns_than_a_denoiser_has_channels_are_served(self):
        noise = random.Random(SEED)
        rows = [[f"{noise.gauss(k, 1):.4f}" for k in range(130)] for _ in range(300)]
        text = "\n".join(map(",".join, rows)) + "\n"
        after = cells(run("--csv", "-", "-", data=text.encode()).stdout.decode())
        for k in (0, 63, 64, 127, 128, 129):
            alone = "\n".join(r[k] for r in rows) + "\n"
            single = run("--csv", "-", "-", data=alone.encode()).stdout.decode().split()
            self.assertEqual([r[k] for r in after], single)
        self.assertIn("--link serves 64", fails("--csv", "--link", "-", "-", data=text.encode()))

    def test_numbers_have_as_few_digits_as_they_need(self):
        noise = random.Random(SEED)
        text = "".join(f"{noise.gauss(0, 10 ** noise.randint(-8, 8)):.7g}\n" for _ in range(500))
        for cell in run("--csv", "-", "-", data=text.encode()).stdout.decode().split():
            value = number(cell)
            self.assertTrue(any(cell == f"{value:.{k}g}" and
                                all(number(f"{value:.{m}g}") != value for m in range(6, k))
                                for k in range(6, 10)), cell)

    def test_a_column_far_from_zero_keeps_its_small_movements(self):
        text = "t,p\n" + "".join(f"{i},{1e6 + i * i % 97 / 1000:.3f}\n" for i in range(200))
        out = run("--csv", "--mix", 0, "-", "-", data=text.encode()).stdout.decode()
        for one, other in zip(cells(text)[1:], cells(out)[1:]):
            self.assertLess(abs(float(one[1]) - float(other[1])), 1e-9)

    def test_gaps_are_filled_when_asked(self):
        out = cells(run("--csv", "--gaps", "fill", "-", "-", data=table().encode()).stdout.decode())
        self.assertTrue(all(isinstance(number(c), float) for row in out[1:] for c in row[2:]))
        words = table().replace("\n0.62,on,", "\n0.62,on,oops")
        done = run("--csv", "-", "out.csv", data=words.encode())
        self.assertIn(b"-: 1 cells of number columns hold words, and count as gaps (the first in line 33)", done.stderr)
        self.assertIn(b"oops", contents("out.csv"))

    def test_rows_of_other_lengths_go_through(self):
        text = "a,b\n1,2\n3\n4,5,6\n\n7,8\n,\n9,1\n"
        out = run("--csv", "--mix", 0, "-", "-", data=text.encode()).stdout.decode()
        self.assertEqual(out, text)

    def test_neither_block_nor_lag_nor_jobs_lose_a_row(self):
        write("in.csv", table(1000))
        for options in ((), ("--lag", 100), ("--lag", 4000), ("--model", "predictor")):
            outputs = set()
            for block in (1, 10, 4096):
                run(*options, "-f", "--block", block, "in.csv", "out.csv")
                outputs.add(contents("out.csv"))
            outputs.add(run(*options, "--csv", "-", "-", data=contents("in.csv")).stdout)
            self.assertEqual(len(outputs), 1, options)
            self.assertEqual(len(outputs.pop().splitlines()), 1001)
        for i in range(5):
            write(f"{i}.csv", table(300 + i))
        for jobs in (1, 2, 3):
            run("-j", jobs, "-d", f"out{jobs}", *(f"{i}.csv" for i in range(5)))
        for i in range(5):
            self.assertEqual(len({contents(f"out{j}/{i}.csv") for j in (1, 2, 3)}), 1)

    def test_noise_is_learned_from_a_passage(self):
        write("in.csv", table(1000))
        run("--learn-noise", "1-3", "--save-profile", "noise", "in.csv", "a.csv")
        run("--noise-profile", "noise", "in.csv", "b.csv")
        run("in.csv", "c.csv")
        self.assertEqual(contents("a.csv"), contents("b.csv"))
        self.assertNotEqual(contents("a.csv"), contents("c.csv"))
        self.assertTrue(fails("--learn-noise", "30-40", "in.csv", "d.csv").startswith(
            "in.csv: ends after 20.000 s; "))

    def test_a_picture_is_drawn(self):
        write("in.csv", table(1000))
        run("--plot", "p.png", "in.csv", "out.csv")
        self.assertEqual(contents("p.png")[:8], b"\x89PNG\r\n\x1a\n")

    def test_the_input_is_left_alone(self):
        write("in.csv", table())
        before = contents("in.csv"), os.stat("in.csv").st_mtime_ns
        run("in.csv", "out.csv")
        self.assertEqual((contents("in.csv"), os.stat("in.csv").st_mtime_ns), before)

    def test_tables_that_cannot_be_read(self):
        quote = "a,b,c\n" + "".join(f"{i * i % 97},2,3\n" for i in range(20000)) + '4,"5,6\n' + "1,2,3\n" * 300000
        for text, told in (
            (b"", "in.csv: is empty; "),
            (b"a,b\n", "in.csv: has no column of numbers "),
            (b"a,b\nfoo,bar\nbaz,qux\n", "in.csv: has no column of numbers "),
            (b"a,b\n1,\0\n", "in.csv: is no text; "),
            (quote.encode(), "in.csv: has over 1 MiB in row 20002; "),
            (b"1,2\n" + b"," * 20000, "in.csv: has more than 16384 columns in row 2; "),
        ):
            write("in.csv", text)
            self.assertTrue(fails("in.csv", "out.csv").startswith(told), told)
            self.assertFalse(os.path.exists("out.csv"))
        run("--salvage", "--mix", 0, "in.csv", "out.csv")
        self.assertEqual(contents("out.csv"), b"1,2\n")
        write("in.csv", table())
        self.assertTrue(fails("--format", "wav", "in.csv", "out.csv").startswith(
            "out.csv: is a table as IN is; "))
        self.assertTrue(fails("--model", "wiener", "in.csv", "out.csv").startswith(
            "in.csv: has a rate of 50 Hz, wiener serves 8000 to 192000; "))

    @unittest.skipIf(SANITIZED, "memory is the sanitizer's")
    def test_memory_does_not_grow_with_the_table(self):
        row = table(100).encode().split(b"\n", 1)[1]
        write("in.csv", b"time,state,a,b\n" + row * 4000)
        run("--lag", 100, "in.csv", "out.csv")
        self.assertEqual(contents("out.csv").count(b"\n"), 400001)
        # All children so far; the table alone has 11 MB.
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 64 * 1024)


if __name__ == "__main__":
    print("seed", SEED)
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
