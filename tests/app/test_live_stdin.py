"""sordino-live on sensors' samples, beside what sordino makes of the same data.

    test_live_stdin.py SORDINO-LIVE SORDINO GOLDEN
"""
import math
import os
import random
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, by children too

LIVE, SORDINO, GOLDEN = (os.path.abspath(p) for p in sys.argv[1:4])
SEED = int(os.environ.get("SORDINO_TEST_SEED", "1"))
SANITIZED = b"__asan_init" in open(LIVE, "rb").read()
MANY = 30000 if SANITIZED else 1000000
FOLDER = tempfile.TemporaryDirectory()
WAVE = os.path.join(FOLDER.name, "wave.safetensors")  # a sample a frame, without lag
LATE = os.path.join(GOLDEN, "net-wave.safetensors")
WAIT = 20  # seconds until a lack of answer is one


def command(form, rate, *more):
    return [LIVE, "--stdin", "--raw", form, "--rate", str(rate), *map(str, more)]


def run(form, rate, *more, data=b"", code=0):
    done = subprocess.run(command(form, rate, *more), capture_output=True, timeout=280, input=data)
    assert done.returncode == code, (more, done.returncode, done.stdout[-500:], done.stderr)
    return done


def live(form, rate, *more, data):
    done = run(form, rate, *more, data=data)
    assert done.stderr == b"", done.stderr
    return done.stdout


def offline(form, rate, *more, data):
    """What sordino makes of it, from file to file."""
    text = ["--csv", "--digits", "full"] + ([] if "--columns" in more else ["--columns", "all"])
    kind = text if form == "text" else ["--raw", form]
    with tempfile.TemporaryDirectory() as folder:
        before, after = os.path.join(folder, "in"), os.path.join(folder, "out")
        with open(before, "wb") as file:
            file.write(data)
        subprocess.run(
            [SORDINO, "-q", *kind, "--rate", str(rate), *map(str, more), before, after], check=True,
            timeout=280)
        with open(after, "rb") as file:
            return file.read()


def tells(*arguments, code, data=b""):
    """The one line that tells what is wrong, without the program's name."""
    done = subprocess.run([LIVE, *map(str, arguments)], capture_output=True, timeout=60, input=data)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1 and lines[0].startswith("sordino-live: "), lines
    assert not lines[0].endswith("."), lines
    return lines[0][len("sordino-live: "):]


def heart(n, rate=250):
    """Beats with a changing rhythm, and noise."""
    noise, beat, at = random.Random(SEED), 0.8, 0.0
    for _ in range(n):
        if at >= beat:
            at, beat = 0.0, noise.uniform(0.7, 0.9)
        p = at / beat
        yield (math.exp(-(((p - 0.3) / 0.015) ** 2)) - 0.2 * math.exp(-(((p - 0.34) / 0.02) ** 2)) +
               0.2 * math.exp(-(((p - 0.6) / 0.06) ** 2)) + noise.gauss(0, 0.1))
        at += 1 / rate


def heart_text(n, end="\n"):
    return "".join("%.4f%s" % (x, end) for x in heart(n)).encode()


def make_wave():
    """A network of the golden tests, its lag taken out."""
    with open(os.path.join(GOLDEN, "wave-100-end-to-end.safetensors"), "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        head, tensors = file.read(size), file.read()
    changed = head.replace(b'\\"lag_samples\\":3', b'\\"lag_samples\\":0')
    assert changed != head
    with open(WAVE, "wb") as file:
        file.write(struct.pack("<Q", size) + changed + tensors)


class Conversation:
    """A stream that is written to and read from in turn."""

    def __init__(self, form, rate, *more):
        self.process = subprocess.Popen(
            command(form, rate, *more), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, bufsize=0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def say(self, data):
        self.process.stdin.write(data)

    def hear(self, n, wait=WAIT):
        """`n` bytes, or what there is after `wait` seconds."""
        heard = b""
        while len(heard) < n and select.select([self.process.stdout], [], [], wait)[0]:
            more = os.read(self.process.stdout.fileno(), n - len(heard))
            if not more:
                break
            heard += more
        return heard

    def hear_line(self):
        line = b""
        while not line.endswith(b"\n"):
            more = self.hear(1)
            if not more:
                break
            line += more
        return line

    def end(self):
        """(status, the rest of the output, messages)"""
        out, messages = self.process.communicate(timeout=WAIT)
        return self.process.returncode, out, messages


class Same(unittest.TestCase):
    """The same bits as sordino."""

    def same(self, form, rate, *more, data):
        self.assertEqual(live(form, rate, *more, data=data), offline(form, rate, *more, data=data))

    def test_a_sequence_of_a_million_lines(self):
        self.same("text", 100, data="".join(f"{i}\n" for i in range(1, MANY + 1)).encode())

    def test_a_heart_of_a_million_lines(self):
        data = heart_text(MANY)
        self.same("text", 250, data=data)
        self.same("text", 250, "--model", WAVE, data=data[:len(data) // 20])

    def test_every_method_and_control(self):
        data = heart_text(20000)
        for more in (["--lag", 30], ["--model", "predictor"], ["--limit", 12], ["--mix", 0.5],
                     ["--delta"], ["--model", WAVE, "--limit", 6], ["--model", LATE]):
            with self.subTest(more=more):
                self.same("text", 250, *more, data=data)
        for more in (["--gain-rule", "wiener"], ["--window", 0.02, "--hop", 0.01]):
            with self.subTest(more=more):
                self.same("text", 16000, "--model", "wiener", *more, data=data)

    def test_every_encoding(self):
        bits = random.Random(SEED)
        for kind, width in {"u8": 1, "s8": 1, "s16": 2, "s24": 3, "s32": 4, "f32": 4, "f64": 8}.items():
            for order in ("le", "be"):
                if kind[0] == "f":
                    values = [struct.pack(("<" if order == "le" else ">") + "fd"[width // 8],
                                          x) for x in heart(6000)]
                    data = b"".join(values)
                else:
                    data = bits.randbytes(6000 * width)
                with self.subTest(kind=kind + order):
                    self.same(kind + order, 250, data=data)
                    self.same(kind + order, 16000, "--channels", 2, "--no-dither", data=data)

    def test_many_channels(self):
        values = list(heart(64 * 500))
        rows = [values[i:i + 64] for i in range(0, len(values), 64)]
        text = "".join(",".join("%.5g" % x for x in row) + "\n" for row in rows).encode()
        self.same("text", 250, data=text)
        self.assertEqual(live("text", 250, "--channels", 64, data=text),
                         live("text", 250, data=text))
        self.same("f32le", 250, "--channels", 64, data=struct.pack("<32000f", *values))
        self.same("f32le", 250, "--channels", 3, "--no-link", data=struct.pack("<30000f", *values[:30000]))

    def test_gaps(self):
        text = b"1\n2\nnan\n4\n\n5\nNA\nNaN\n" * 300
        for more in ([], ["--gaps", "fill"], ["--lag", 5], ["--lag", 5, "--gaps", "fill"]):
            with self.subTest(more=more):
                self.same("text", 100, *more, data=text)
        values = [math.nan if i % 7 == 3 else math.inf if i % 31 == 5 else x
                  for i, x in enumerate(heart(6000))]
        for form, pack in (("f32le", "f"), ("f64le", "d")):
            data = struct.pack("<6000" + pack, *values)
            for more in ([], ["--gaps", "fill"], ["--lag", 9], ["--model", WAVE]):
                with self.subTest(form=form, more=more):
                    self.same(form, 100, *more, data=data)

    def test_what_tables_have_besides_numbers(self):
        rows = "".join(f"{i / 100:.2f};{x:.4f};on;{-x:.3f}\r\n" for i, x in enumerate(heart(5000)))
        for head in ("time;a;state;b\r\n", "# of a heart\r\ntime;a;state;b\r\n", "\ufefft;a;s;b\r\n"):
            with self.subTest(head=head):
                self.same("text", 100, data=(head + rows).encode())
        # Without a name a column of times is known by there being one more than channels.
        rows = "".join(f"{i / 100:.2f} {x:.4f} {-x:.4f}\n" for i, x in enumerate(heart(5000))).encode()
        self.assertEqual(live("text", 100, "--channels", 2, data=rows), offline("text", 100, data=rows))
        self.same("text", 100, "--columns", "2", "--time-column", 1, data=rows)
        self.same("text", 100, data=b"1\n2\n3")

    def test_learned_noise(self):
        with tempfile.TemporaryDirectory() as folder:
            noise = os.path.join(folder, "noise.safetensors")
            data = heart_text(5000)
            offline("text", 250, "--learn-noise", "0-4", "--save-profile", noise, data=data)
            quiet = live("text", 250, "--noise-profile", noise, data=data)
            self.assertEqual(quiet, offline("text", 250, "--model", "kalman", "--noise-profile", noise, data=data))
            self.assertNotEqual(quiet, live("text", 250, data=data))

    def test_pieces_of_any_size(self):
        sizes = random.Random(SEED)
        for form, data in (("text", b"# head\r\n" + heart_text(1500, "\r\n")),
                           ("f64le", struct.pack("<1500d", *heart(1500)))):
            for more in ([], ["--lag", 7], ["--model", WAVE]):
                whole = live(form, 250, *more, data=data)
                for most in (1, 3, 700):
                    with Conversation(form, 250, *more) as c, self.subTest(form=form, most=most):
                        at, heard = 0, b""
                        while at < len(data):
                            n = sizes.randint(1, most)
                            c.say(data[at:at + n])
                            at += n
                            if sizes.random() < 0.2:
                                heard += c.hear(1 << 16, 0)
                        code, rest, messages = c.end()
                        self.assertEqual((code, messages), (0, b""))
                        self.assertEqual(heard + rest, whole)


class Prompt(unittest.TestCase):
    """Values go out as soon as they can be told."""

    def test_a_line_in_a_line_out(self):
        for more in (["--model", WAVE], [], ["--model", "predictor"]):
            for end in ("\n", "\r\n"):
                with Conversation("text", 250, *more) as c, self.subTest(more=more, end=end):
                    heard = b""
                    for x in heart(300):
                        c.say(f"{x:.4f}{end}".encode())
                        line = c.hear_line()
                        self.assertTrue(line.endswith(end.encode()), line)
                        heard += line
                    self.assertEqual(
                        heard, offline("text", 250, *more, data=heart_text(300, end)))

    def test_a_line_that_has_come_waits_for_no_half_line(self):
        with Conversation("text", 100) as c:
            c.say(b"1\n2")
            self.assertEqual(c.hear_line(), b"1\n")
            c.say(b"\n")
            self.assertEqual(c.hear_line(), live("text", 100, data=b"1\n2\n")[2:])

    def test_a_line_end_that_comes_in_two(self):
        # Not every time on a busy machine: the second half is waited for some milliseconds.
        with Conversation("text", 100) as c:
            heard, whole = b"", 0
            for i in range(1, 21):
                c.say(b"1\r")
                time.sleep(0.001)
                c.say(b"\n")
                heard += c.hear(3 * i - len(heard), 0.3)
                whole += len(heard) == 3 * i
            self.assertGreater(whole, 0)
            self.assertEqual(heard + c.end()[1], b"1\r\n" * 20)

    def test_a_missing_value_comes_at_once(self):
        with Conversation("text", 100, "--channels", 2) as c:
            for line in (b"nan NaN\n", b"1 2\n", b"nan 2\n"):
                c.say(line)
                self.assertEqual(c.hear_line(), line)

    def test_a_lag_holds_back_so_many_lines_and_no_more(self):
        whole = live("text", 100, "--lag", 3, data=b"1\n5\n2\n7\n3\n4\n").splitlines(True)
        with Conversation("text", 100, "--lag", 3) as c:
            c.say(b"1\n5\n2\n")
            self.assertEqual(c.hear(1, 0.3), b"")
            for line, value in zip(whole, (b"7\n", b"3\n", b"4\n")):
                c.say(value)
                self.assertEqual(c.hear_line(), line)
            code, rest, _ = c.end()
            self.assertEqual((code, rest), (0, b"".join(whole[3:])))

    def test_a_sample_in_a_sample_out(self):
        for form, pack in (("f32le", "<f"), ("f64le", "<d"), ("s16le", "<h")):
            with Conversation(form, 100, "--channels", 2, "--model", WAVE) as c:
                for i in range(50):
                    c.say(struct.pack(pack, i) * 2)
                    self.assertEqual(len(c.hear(2 * struct.calcsize(pack))),
                                     2 * struct.calcsize(pack))


class Ends(unittest.TestCase):
    """How it ends, and what it tells."""

    def test_an_input_without_anything(self):
        self.assertEqual(live("text", 100, data=b""), b"")
        self.assertEqual(live("f32le", 100, data=b""), b"")

    def test_a_frame_that_is_cut_off(self):
        done = run("f32le", 100, "--channels", 2, data=bytes(21))
        self.assertEqual(len(done.stdout), 16)
        self.assertEqual(done.stderr, b"sordino-live: standard input: ends within a frame; its "
                                      b"first 5 bytes of 8 were left out\n")

    def test_signals_end_it_like_the_end_of_the_input(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            for more, lines in (([], b"1\n2\n3\n"), (["--lag", 4], b"")):
                with Conversation("text", 100, *more) as c, self.subTest(number=number, more=more):
                    c.say(b"1\n2\n3\n4.")
                    whole = live("text", 100, *more, data=b"1\n2\n3\n")
                    heard = c.hear(len(whole)) if not more else c.hear(1, 0.5)
                    c.process.send_signal(number)
                    code, rest, messages = c.end()
                    # What was begun, "4.", has no value.
                    self.assertEqual((code, (heard + rest).strip(), messages),
                                     (0, whole.strip(), b""))

    def test_a_signal_gets_through_where_nobody_reads(self):
        with Conversation("text", 100) as c:
            os.set_blocking(c.process.stdin.fileno(), False)
            line, idle = b"1.5\n" * 1000, 0
            while idle < 20:
                if select.select([], [c.process.stdin], [], 0.1)[1]:
                    try:
                        c.say(line)
                    except BlockingIOError:
                        idle += 1
                else:
                    idle += 1
            c.process.send_signal(signal.SIGTERM)
            self.assertEqual(c.process.wait(WAIT), 1)
            self.assertIn(b"was not read when it had to end", c.process.stderr.read())

    def test_an_ignored_signal_stays_ignored(self):
        process = subprocess.Popen(
            command("text", 100), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
        process.stdin.write(b"1\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), b"1\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.communicate(b"2\n", timeout=WAIT)[0],
                         live("text", 100, data=b"1\n2\n")[2:])
        self.assertEqual(process.returncode, 0)

    def test_a_reader_that_goes_away(self):
        with Conversation("text", 100) as c:
            c.process.stdout.close()
            # Also while no input comes.
            self.assertEqual(c.process.wait(WAIT), -signal.SIGPIPE)
            self.assertEqual(c.process.stderr.read(), b"")
        process = subprocess.Popen(
            command("f32le", 100), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, restore_signals=False,
            preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN))
        process.stdout.close()
        self.assertEqual(process.wait(WAIT), 1)
        self.assertEqual(process.stderr.read(), b"sordino-live: standard output: the reader went "
                                                b"away; what it had read is all there is\n")
        process.stderr.close()
        process.stdin.close()

    def test_a_full_disk(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        with open("/dev/full", "wb") as full:
            done = subprocess.run(command("text", 100), input=b"1\n2\n", stdout=full,
                                  stderr=subprocess.PIPE, timeout=WAIT)
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.startswith(b"sordino-live: standard output: no space left"))

    def test_a_line_without_sense(self):
        done = run("text", 100, data=b"1\n2\n\n#?\noops\n3\n")
        self.assertEqual(done.stderr, b"sordino-live: standard input: line 5 holds 'oops' in column "
                                      b"1, which is no number; it counts as missing\n")
        self.assertEqual(done.stdout, offline("text", 100, data=b"1\n2\n\n#?\noops\n3\n"))
        done = run("text", 100, data=b"1,2\r\n3,4\r\n5\r\n6,7\r\n")
        self.assertEqual(done.stderr, b"sordino-live: standard input: line 3 has no column 2; it "
                                      b"counts as missing\n")
        # A fault that lasts fills no log: the 1st, 10th, 100th are told.
        done = run("text", 100, data=b"1\n2\n" + b"x\n" * 5000)
        self.assertLessEqual(done.stderr.count(b"\n"), 4)
        self.assertEqual(run("text", 100, "-q", data=b"1\n2\nx\n").stderr, b"")

    def test_a_first_line_that_does_not_fit(self):
        given = ["--stdin", "--raw", "text", "--rate", 100]
        self.assertEqual(tells(*given, "--channels", 3, code=1, data=b"# a\n1 2\n"),
                         "standard input: line 2 has 2 columns of numbers, and --channels says 3")
        self.assertEqual(tells(*given, "--columns", 4, code=1, data=b"1 2\n"),
                         "standard input: line 1 has no column 4 for --columns; it has 2")
        self.assertEqual(tells(*given, code=1, data=b"what\nis\nthis\n"),
                         "standard input: has no row of numbers in its first 3 lines")
        self.assertTrue(tells(*given, code=1, data=b"word " * 20000).startswith(
            "standard input: has no row of numbers"))

    def test_wrong_usage(self):
        for arguments, start in (
                (["--stdin"], "--stdin: needs to know what comes; "),
                (["--stdin", "--raw", "text"], "--stdin: needs a rate; "),
                (["--stdin", "--raw", "f33", "--rate", 1], "--raw: 'f33' is not served; "),
                (["--stdin", "--raw", "text", "--rate", "no"], "--rate: 'no' is not served; "),
                (["--stdin", "--raw", "f32", "--rate", 9, "--columns", 1], "--columns, "),
                (["--stdin", "--raw", "text", "--rate", 9, "in.txt"], "--stdin: takes no names"),
                (["--stdin", "--raw", "text", "--rate", 9, "--channels", 65], "--channels: '65' "),
                (["--stdin", "--what"], "--what: is no option")):
            with self.subTest(arguments=arguments):
                self.assertTrue(tells(*arguments, code=2).startswith(start))
        self.assertTrue(tells("--stdin", "--raw", "text", "--rate", 100, "-m", "wiener", code=1,
                              data=b"1\n").startswith("wiener: serves 8000 to 192000 Hz, not 100; "))
        self.assertTrue(tells("--stdin", "--raw", "text", "--rate", 100, "-m", "nothing", code=1,
                              data=b"1\n").startswith("nothing: no such model; "))
        done = subprocess.run([LIVE, "--stdin", "--help"], capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    @unittest.skipIf(SANITIZED, "memory is the sanitizer's")
    def test_memory_does_not_grow(self):
        with Conversation("text", 100, "--lag", 50) as c:
            sizes = []
            for _ in range(6):
                for _ in range(20):
                    c.say(b"# a remark\n1.25,2.5\n2.125,NaN\n" * 400)
                    c.hear(1 << 20, 0.05)
                with open(f"/proc/{c.process.pid}/statm", encoding="ascii") as file:
                    sizes.append(int(file.read().split()[1]))
                time.sleep(0.05)
            self.assertLessEqual(sizes[-1], sizes[1] + 16, sizes)


if __name__ == "__main__":
    print("seed", SEED)
    make_wave()
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
