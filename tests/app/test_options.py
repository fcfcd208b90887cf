"""Each program's table of options beside what it prints, what its man page says and what it takes.

    test_options.py MAN PROGRAM...
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest

MAN, PROGRAMS = os.path.abspath(sys.argv[1]), [os.path.abspath(p) for p in sys.argv[2:]]
COMMANDS = [[p] for p in PROGRAMS] + [[p, "--stdin"] for p in PROGRAMS if p.endswith("sordino-live")]
NUMBERS = ("number", "integer", "whole")
NOT_NUMBERS = ("", "x", "1e", "0x10", "1e3x", " 1", "1 ", "nan", "inf", "1e999", "1,5", "--1")


class Row:
    def __init__(self, line):
        (self.letter, self.name, self.value, self.kind, self.low, self.high, choices, self.group,
         self.help) = line.split("\t")
        self.choices = choices.split()

    def tag(self):
        return self.letter, self.name, self.value


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def rows(command):
    done = run(*command, "--print-options")
    assert done.returncode == 0, done.stderr
    return [Row(line) for line in done.stdout.splitlines()]


def title(command):
    return " ".join([os.path.basename(command[0])] + command[1:])


def plain(line):
    """A line of a man page as it is read: fonts and quotes gone."""
    line = re.sub(r"\\f[RBIP]", "", line).replace("\\-", "-").replace("\\|", "")
    found = re.match(r"\.([A-Z]+) (.*)", line)
    if not found:
        return line
    words = [a or b for a, b in re.findall(r'"([^"]*)"|(\S+)', found.group(2))]
    return (" " if len(found.group(1)) == 1 else "").join(words)


def manual(program, section):
    """(tags, text) of each paragraph of options in these sections of a man page."""
    with open(f"{MAN}/{os.path.basename(program)}.1", encoding="utf-8") as file:
        text = file.read()
    text = re.search(rf"(?ms)^\.SH {section}$(.*?)^\.SH ", text).group(1)
    found = []
    for part in re.split(r"(?m)^\.TP\n", text)[1:]:
        tag, _, rest = part.partition("\n")
        rest = re.split(r"(?m)^\.(?:SS|PP)", rest)[0]
        tags = re.findall(r"(?:-(\w), )?--([a-z0-9-]+)(?: ((?:[^,]|,(?! -))+))?", plain(tag))
        found.append((tags, " ".join(plain(line) for line in rest.splitlines())))
    return found


class Tables(unittest.TestCase):
    def each(self):
        return [(command, rows(command)) for command in COMMANDS]

    def test_help_tells_of_all_and_nothing_else(self):
        for command, table in self.each():
            told = run(*command, "--help")
            self.assertEqual((told.returncode, told.stderr), (0, ""))
            tags = re.findall(r"(?m)^  (?:-(\w), |    )--([a-z0-9-]+)(?: (\S+(?: [A-Z-]+)?))?(?:  .*)?$",
                              told.stdout)
            self.assertEqual(tags, [row.tag() for row in table])
            self.assertGreater(len(table), 10)
            for row in table:
                for word in row.help.split():
                    self.assertIn(word, told.stdout)
            self.assertLessEqual(max(map(len, told.stdout.splitlines())), 90)

    def test_short_help_is_the_same(self):
        for command, _ in self.each():
            self.assertEqual(run(*command, "-h").stdout, run(*command, "--help").stdout)
            self.assertRegex(run(*command, "-V").stdout, r"^sordino\S* \d+\.\d+\.\d+\n$")

    def test_the_manual_has_all_and_nothing_else(self):
        for command, table in self.each():
            if command[1:]:
                continue
            section = "OPTIONS FOR SOUND" if title(command) == "sordino-live" else "OPTIONS"
            tags = [tag for part in manual(command[0], section) for tag in part[0]]
            self.assertEqual(sorted(tags), sorted(row.tag() for row in table))

    def test_the_manual_has_all_of_sensor_streams(self):
        for command, table in self.each():
            if not command[1:]:
                continue
            parts = manual(command[0], "SENSOR STREAMS")
            tags = {tag for part in parts for tag in part[0]}
            self.assertLessEqual(tags, {row.tag() for row in table})
            with open(f"{MAN}/sordino-live.1", encoding="utf-8") as file:
                text = file.read().replace("\\-", "-")
            text = re.search(r"(?ms)^\.SH SENSOR STREAMS$(.*?)^\.SH ", text).group(1)
            for row in table:
                if row.name not in ("help", "version"):
                    self.assertIn("--" + row.name, text)

    def test_ranges_in_the_manual_are_those_of_the_table(self):
        checked = 0
        for command, table in self.each():
            section = ("SENSOR STREAMS" if command[1:] else "OPTIONS FOR SOUND"
                       if title(command) == "sordino-live" else "OPTIONS")
            known = {row.name: row for row in table}
            for tags, text in manual(command[0], section):
                row = known.get(tags[0][1]) if tags else None
                found = re.search(r"(-?\d[\d.]*) to (-?\d[\d.]*\d|\d)", text)
                if row and row.kind in NUMBERS and found and "train" not in title(command):
                    self.assertEqual([float(x) for x in found.groups()],
                                     [float(row.low), float(row.high)], row.name)
                    checked += 1
        self.assertGreater(checked, 2)  # so many in sordino alone

    def refuses(self, command, row, text):
        done = run(*command, f"--{row.name}={text}", "--help")
        self.assertEqual((done.returncode, done.stdout), (2, ""), (row.name, text))
        self.assertTrue(done.stderr.startswith(
            f"{os.path.basename(command[0])}: --{row.name}: '{text}' is not served; give "),
            done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def takes(self, command, row, text):
        done = run(*command, f"--{row.name}={text}", "--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""), (row.name, text))

    def test_what_is_no_number_is_refused(self):
        for command, table in self.each():
            for i, row in enumerate(row for row in table if row.kind in NUMBERS):
                # Of each some: all are tried with every reader in the test of values.
                for text in [NOT_NUMBERS[(3 * i + k) % len(NOT_NUMBERS)] for k in range(3)]:
                    if text or "train" not in title(command): # where nothing is no value
                        self.refuses(command, row, text)

    def test_recipes_are_read_by_the_same_table(self):
        for command, table in self.each():
            if title(command) != "sordino-train":
                continue
            for i, row in enumerate(row for row in table if row.kind in NUMBERS):
                text = ("0x10", "1e", "nan", "1,5", "1e999")[i % 5]
                with tempfile.TemporaryDirectory() as folder:
                    with open(f"{folder}/recipe", "w", encoding="utf-8") as file:
                        file.write(f"# a comment\n{row.name} {text}\n")
                    done = run(*command, "--recipe", f"{folder}/recipe", "--help")
                self.assertEqual((done.returncode, done.stdout), (2, ""), row.name)
                self.assertIn(f"recipe: line 2: {row.name}: '{text}' is not served; give ", done.stderr)

    def test_bounds_are_kept(self):
        for command, table in self.each():
            for row in table:
                if row.kind not in NUMBERS:
                    continue
                self.takes(command, row, row.low)
                self.takes(command, row, row.high)
                low, high = float(row.low), float(row.high)
                self.refuses(command, row, "%.17g" % (low - max(1, abs(low))))
                self.refuses(command, row, "%.17g" % (2 * abs(high) + 1))
                if row.kind != "number":
                    self.refuses(command, row, "2.5")
                    self.refuses(command, row, "2.00000000000000000000001")

    def test_numbers_that_have_readers_of_their_own(self):
        wrong = {"sordino": {"jobs": ("1.5", "-1", "257", "0x2"), "limit": ("121", "1dB", "0x10"),
                             "learn-noise": ("1", "1-", "2-1", "0x1-2", "1e0-2", "1:60-9:00", "-1-2")},
                 "sordino-eval": {"columns": ("0", "1-", "2-1", "1,", "1.5", "0x1", "1025", "1-2-3")},
                 "sordino-live": {"latency": ("-1", "10001", "0x1", "5ms"), "limit": ("121",)},
                 "sordino-live --stdin": {"time-column": ("0", "1.5", "0x1"), "limit": ("1e999",)}}
        for command, table in self.each():
            known = {row.name: row for row in table}
            for name, texts in wrong.get(title(command), {}).items():
                for text in texts:
                    self.refuses(command, known[name], text)

    def test_choices(self):
        for command, table in self.each():
            for row in table:
                if row.choices and (row.kind == "choice" or "|" in row.value):
                    self.refuses(command, row, "nonsense")
                    self.refuses(command, row, "")
                for word in row.choices:
                    self.takes(command, row, word)

    def test_what_was_meant(self):
        for command, table in self.each():
            for row in table:
                if len(row.name) < 5:
                    continue
                name = row.name[0] + row.name[2] + row.name[1] + row.name[3:] # two letters swapped
                done = run(*command, "--" + name)
                if name not in {other.name for other in table}:
                    self.assertEqual(done.returncode, 2)
                    self.assertRegex(done.stderr, "is no option; did you mean --|takes? no value|needs")
            done = run(*command, "--zzzzzzzz")
            self.assertIn(f"--zzzzzzzz: is no option; try '{title(command)} --help'", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
