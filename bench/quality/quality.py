#!/usr/bin/env python3
"""Denoisers beside each other on folders of clean and noisy files, at one residual floor."""
import argparse
import csv
import hashlib
import json
import math
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the source tree stays as it is

import tables  # noqa: E402
import wav  # noqa: E402
from results import Results  # noqa: E402
from runner import CommandError, Progress, Runner  # noqa: E402

MEASURES = ["si_sdr", "segmental_snr", "stoi", "estoi", "log_spectral_distance", "pesq"]
NOISY = "noisy"
ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
DELAY_FILES = 9  # so many outputs are looked at for a delay

EPILOG = """\
The floor: --limit DB keeps f = 10^(-DB/20) of the noisy signal in every output, y = f x + (1 - f) y.
`sordino --limit` does the same inside; for peers and ready folders it is done here. Quality figures
move with the floor, so only methods at the same one may be compared.

Labels: a table with tabs between its columns and a head; `file` is the path below the folder,
`utterance` the cluster for the intervals, every other column (noise, snr) gives tables of its own.

A peer takes a noisy file and writes a denoised one of the same rate, channels and length, its delay
taken away (outputs that seem late are told of). The command is not run by a shell; `sh -c '...'` is
one. CPU is the user and system time of the whole command (starting, loading and converting rates
included) over the duration of the audio.

With --cache a method whose command, files and options are unchanged is not run and scored again;
programs, their libraries and models count as changed when their size or time of change differs.
Outputs lie in NAME/out there, before the floor; with --limit those of sordino in NAME-limitDB/out.

  quality.py --bin build/offline --clean clean --noisy noisy --labels labels.tsv --limit 20 \\
      --sordino 'wiener=-m wiener' --sordino 'mine=-m mine.safetensors' \\
      --peer 'speex=./speex {in} {out}' --ready 'other=folder' --pesq-command ./pesq

Ends with 0 when every method was measured, 1 when not, 2 for wrong usage, 130 when interrupted.
"""


class Fault(Exception):
    """One sentence beginning with its subject."""


def tell(text):
    sys.stderr.write(f"quality.py: {text}\n")


def named(text):
    name, sign, value = text.partition("=")
    if not sign or not name or not value or "/" in name or name.startswith("."):
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form NAME=VALUE")
    return name, value


def positive(text):
    value = int(text)
    if value < 1:
        raise ValueError
    return value


class Method:
    """A row of the tables: how to make the outputs, and afterwards what they scored."""

    def __init__(self, name, kind, value):
        self.name = name
        self.kind = kind  # noisy, sordino, peer or ready
        self.value = value
        self.folder = None  # its outputs, without the floor unless kind is sordino
        self.cpu = None  # seconds per second of audio
        self.scores = None  # {file: {measure: value or None}}
        self.delay = None  # samples by which outputs of peers seem late: should be 0


class Collect(argparse.Action):
    """Keeps methods in the order in which they were given, whatever their kind."""

    def __call__(self, parser, space, values, option=None):
        name, value = values
        if any(m.name == name for m in space.methods) or name == NOISY:
            parser.error(f"the name '{name}' is given twice" if name != NOISY else "'noisy' is taken")
        space.methods.append(Method(name, option.lstrip("-"), value))


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="quality.py", description=__doc__, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    parser.set_defaults(methods=[])
    add("--clean", required=True, metavar="DIR", help="clean WAV files")
    add("--noisy", required=True, metavar="DIR", help="noisy ones of the same names; all are used")
    add("--sordino", action=Collect, type=named, metavar="NAME=ARGS", dest="methods",
        help="run `sordino ARGS IN OUT` for each file")
    add("--peer", action=Collect, type=named, metavar="NAME=COMMAND", dest="methods",
        help="run COMMAND for each file, with {in} and {out} in it")
    add("--ready", action=Collect, type=named, metavar="NAME=DIR", dest="methods",
        help="outputs that lie in DIR, without a floor")
    add("--limit", type=float, metavar="DB", help="residual floor of everybody (none)")
    add("--against", action="append", metavar="NAME",
        help="methods the others are compared with (noisy, and the first method)")
    add("--labels", metavar="FILE", help="utterance, noise, SNR ... of the files")
    add("--pesq-command", metavar="CMD", help="prints the PESQ of CMD CLEAN PROCESSED")
    add("--measures", metavar="LIST", help="as named in the JSON of sordino-eval "
        f"({','.join(MEASURES)})")
    add("--bin", metavar="DIR", help="where sordino and sordino-eval lie (on the PATH)")
    add("--cache", metavar="DIR", help="keep outputs and scores here, and use them again")
    add("-j", "--jobs", type=positive, default=os.cpu_count() or 1, metavar="N",
        help="commands at a time (all processors)")
    add("--json", metavar="FILE", help="write everything as JSON")
    add("--markdown", action="store_true", help="tables as Markdown")
    add("-q", "--quiet", action="store_true", help="no progress")
    return check(parser, parser.parse_args(arguments))


def check(parser, options):
    for folder in (options.clean, options.noisy):
        if not os.path.isdir(folder):
            parser.error(f"{folder}: there is no such folder")
    for method in options.methods:
        if method.kind == "peer" and not ("{in}" in method.value and "{out}" in method.value):
            parser.error(f"--peer {method.name}: the command lacks {{in}} or {{out}}")
        if method.kind == "ready" and not os.path.isdir(method.value):
            parser.error(f"--ready {method.name}: {method.value}: there is no such folder")
    names = [NOISY] + [m.name for m in options.methods]
    if options.against is None:
        options.against = names[:2] if len(names) > 2 else names[:1]
    for name in options.against:
        if name not in names:
            parser.error(f"--against {name}: there is no such method")
    if options.limit is not None and not 0 <= options.limit < math.inf:
        parser.error("--limit: must be 0 dB or more")
    if options.json and not os.path.isdir(os.path.dirname(options.json) or "."):
        parser.error(f"--json {options.json}: there is no such folder")
    options.measures = options.measures.split(",") if options.measures else list(MEASURES)
    for measure in options.measures:
        if measure not in tables.TITLES:
            parser.error(f"--measures: there is no '{measure}'")
    return options


def wav_files(folder):
    found = []
    for path, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        found += [
            os.path.relpath(os.path.join(path, n), folder)
            for n in names
            if n.lower().endswith(".wav") and not n.startswith(".")
        ]
    return sorted(found)


def stamp(path):
    try:
        found = os.stat(path)
    except OSError:
        return None
    return [os.path.abspath(path), found.st_size, found.st_mtime_ns]


def program_stamps(command):
    """The program and the shared libraries it loads: a library built anew makes it another one."""
    path = shutil.which(command) or command
    found = [stamp(path)]
    if shutil.which("ldd"):
        listed = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
        found += [stamp(word) for word in listed.split() if word.startswith("/")]
    return found


def digest(*parts):
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def load_json(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def save_json(path, value):
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.write("\n")
    os.replace(path + ".part", path)


def read_labels(path, files):
    """Returns {file: {column: text}}, and the columns that make groups."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", strict=True))
            columns = list(rows[0]) if rows else []
    except (OSError, ValueError, csv.Error) as why:
        raise Fault(f"{path}: cannot be read: {why}") from why
    if "file" not in columns:
        raise Fault(f"{path}: has no column 'file'; its first line must name the columns")
    labels = {row["file"]: row for row in rows}
    for name in files:
        row = labels.get(name)
        if row is None:
            raise Fault(f"{path}: has no line for {name}")
        if None in row or None in row.values():
            raise Fault(f"{path}: the line of {name} has another number of columns than the head")
    return labels, [c for c in columns if c not in ("file", "utterance")]


class Bench:
    def __init__(self, options, work):
        self.options = options
        self.work = work  # a folder that goes away at the end
        self.home = options.cache or work
        self.files = wav_files(options.noisy)
        self.runner = Runner(options.jobs, work)
        self.progress = Progress(options.quiet)
        self.floor = 10.0 ** (-options.limit / 20.0) if options.limit is not None else 0.0
        self.sordino = self._program("sordino")
        self.eval = self._program("sordino-eval")
        self.seconds = self._check_files()

    def _program(self, name):
        folder = self.options.bin
        found = shutil.which(os.path.join(folder, name) if folder else name)
        if not found:
            raise Fault(f"{name}: is not {'in ' + folder if folder else 'on the PATH'}; see --bin")
        return os.path.abspath(found)

    def _check_files(self):
        if not self.files:
            raise Fault(f"{self.options.noisy}: holds no WAV files")
        total = 0.0
        for name in self.files:
            for folder in (self.options.noisy, self.options.clean):
                path = os.path.join(folder, name)
                try:
                    rate, _, frames = wav.info(path)
                except OSError as why:
                    raise Fault(f"{path}: cannot be read: {why.strerror}") from why
                except wav.WavError as why:
                    raise Fault(f"{path}: {why}") from why
            total += frames / rate
        return total

    def _noisy_stamps(self):
        return [stamp(os.path.join(self.options.noisy, name)) for name in self.files]

    def _command(self, method, source, target):
        if method.kind == "sordino":
            limit = [] if self.options.limit is None else ["--limit", f"{self.options.limit:g}"]
            return [self.sordino, *shlex.split(method.value), *limit, "--subtype", "float",
                    "-q", "-f", source, target]
        words = shlex.split(method.value)
        return [w.replace("{in}", source).replace("{out}", target) for w in words]

    def _key(self, method):
        """What the outputs depend on: the command, every file it names, and the noisy files."""
        words = self._command(method, "{in}", "{out}")
        programs = program_stamps(words[0])
        named_files = [stamp(w) for w in words[1:] if os.path.isfile(w)]
        return digest(words, programs, named_files, self._noisy_stamps())

    def _run_one(self, method, folder, name):
        source = os.path.abspath(os.path.join(self.options.noisy, name))
        target = os.path.join(folder, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        try:
            used = self.runner.run(self._command(method, source, target))
            self._same_form(source, target)
        except (CommandError, wav.WavError) as why:
            raise Fault(f"{method.name}: {name}: {why}") from why
        return used

    @staticmethod
    def _same_form(source, target):
        try:
            there, here = wav.info(target), wav.info(source)
        except OSError as why:
            raise CommandError(f"the command wrote no output: {why.strerror}") from why
        if there != here:
            raise CommandError(
                "the output has %d Hz, %d channels, %d frames; " % there
                + "%d Hz, %d channels, %d frames were put in" % here)

    def produce(self, method):
        """Sees that method.folder holds an output for every file."""
        if method.kind in (NOISY, "ready"):
            method.folder = self.options.noisy if method.kind == NOISY else method.value
            for name in self.files:
                try:
                    self._same_form(os.path.join(self.options.noisy, name),
                                    os.path.join(method.folder, name))
                except (CommandError, wav.WavError) as why:
                    raise Fault(f"{method.name}: {name}: {why}") from why
            return
        place = os.path.join(self.home, method.name)
        if method.kind == "sordino" and self.options.limit is not None:
            place += f"-limit{self.options.limit:g}"
        method.folder = os.path.join(place, "out")
        key = self._key(method)
        made = load_json(os.path.join(place, "made.json"))
        if not made or made["key"] != key or wav_files(method.folder) != self.files:
            made = self._make(method, place, key)
        method.cpu = made["cpu"]

    def _make(self, method, place, key):
        part = os.path.join(place, "part")
        shutil.rmtree(part, ignore_errors=True)
        os.makedirs(part)
        try:
            used = self.runner.map(
                lambda name: self._run_one(method, part, name), self.files,
                lambda n: self.progress.show(f"{method.name}: {n} of {len(self.files)} files"))
            shutil.rmtree(method.folder, ignore_errors=True)
            os.rename(part, method.folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        made = {"key": key, "cpu": sum(used.values()) / self.seconds, "command": method.value}
        save_json(os.path.join(place, "made.json"), made)
        return made

    def _floored(self, method):
        """The folder to be scored: the outputs, with the floor in them."""
        if self.floor == 0.0 or method.kind in (NOISY, "sordino"):
            return method.folder
        folder = os.path.join(self.work, "floored-" + method.name)
        for count, name in enumerate(self.files, 1):
            target = os.path.join(folder, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            try:
                dry = wav.read(os.path.join(self.options.noisy, name))
                wav.write(target, wav.mix(dry, wav.read(os.path.join(method.folder, name)), self.floor))
            except (OSError, wav.WavError) as why:
                raise Fault(f"{method.name}: {name}: {why}") from why
            self.progress.show(f"{method.name}: floor in {count} of {len(self.files)} files")
        return folder

    def score(self, method):
        floor = 0.0 if method.kind in (NOISY, "sordino") else self.floor
        pesq = self.options.pesq_command
        programs = program_stamps(self.eval) + [stamp(w) for w in shlex.split(pesq or "")]
        outputs = [[stamp(os.path.join(folder, name)) for folder in (self.options.clean, method.folder)]
                   + [stamp(os.path.join(self.options.noisy, name)) if floor else None]
                   for name in self.files]
        key = digest(floor, pesq, programs, outputs)
        store = os.path.join(self.home, ".scores", key + ".json")  # no method has a name with a dot
        found = load_json(store)
        if found is None:
            found = {"delay": self._delay(method), "files": self._evaluate(method)}
            os.makedirs(os.path.dirname(store), exist_ok=True)
            save_json(store, found)
        method.delay, method.scores = found["delay"], found["files"]
        if method.delay:
            self.progress.clear()
            late = "late" if method.delay > 0 else "early"
            tell(f"{method.name}: its outputs seem {abs(method.delay)} samples {late}, which costs scores")

    def _delay(self, method):
        """The median over some files of how late the outputs are against the clean signals."""
        if method.kind not in ("peer", "ready"):
            return None
        delays = []
        report = os.path.join(self.work, "delay.json")
        for name in self.files[:: -(-len(self.files) // DELAY_FILES)]:
            paths = [os.path.join(f, name) for f in (self.options.clean, method.folder)]
            try:
                self.runner.run([self.eval, "-q", "-f", "--json", report, *paths])
                delays.append(load_json(report)["pairs"][0]["delay_samples"])
            except CommandError:
                continue  # an output of silence has no delay; scoring tells of what is wrong
        return sorted(delays)[len(delays) // 2] if delays else None

    def _evaluate(self, method):
        folder = self._floored(method)
        report = os.path.join(self.work, method.name + ".json")
        command = [self.eval, "--align", "none", "-q", "-f", "-j", str(self.options.jobs),
                   "--json", report]
        if self.options.pesq_command:
            command += ["--pesq-command", self.options.pesq_command]
        self.progress.show(f"{method.name}: scoring {len(self.files)} files")
        try:
            self.runner.run([*command, self.options.clean, folder])
        except CommandError as why:
            raise Fault(f"{method.name}: {why}") from why
        rows = {p["name"]: p["rows"][0]["processed"] for p in load_json(report)["pairs"]}
        for name in self.files:
            if name not in rows:
                raise Fault(f"{method.name}: {name}: has no score")
        if folder != method.folder:
            shutil.rmtree(folder, ignore_errors=True)
        return {name: rows[name] for name in self.files}


def measure_all(bench, options):
    """Returns the methods that were measured; tells of the others."""
    good = []
    for method in [Method(NOISY, NOISY, None), *options.methods]:
        try:
            bench.produce(method)
            bench.score(method)
            good.append(method)
        except Fault as why:
            bench.progress.clear()
            tell(why)
    bench.progress.clear()
    return good


def compare(options, work):
    if options.cache:
        os.makedirs(options.cache, exist_ok=True)
    bench = Bench(options, work)
    labels, columns = read_labels(options.labels, bench.files) if options.labels else (None, [])
    try:
        methods = measure_all(bench, options)
    finally:
        bench.runner.stop()
    if not methods:
        return 1
    results = Results(options, methods, bench.files, labels, columns)
    if not results.measures:
        raise Fault("no measure has a value for every method")
    print(results.text())
    if options.json:
        save_json(options.json, results.as_json())
    return 0 if len(methods) == 1 + len(options.methods) else 1


def interrupt(number, frame):
    for kind in ENDINGS:
        signal.signal(kind, signal.SIG_IGN)  # once is enough: what follows tidies up
    raise KeyboardInterrupt


def main():
    options = parse(sys.argv[1:])
    for kind in ENDINGS:
        if kind != signal.SIGHUP or signal.getsignal(kind) != signal.SIG_IGN:  # not under nohup
            signal.signal(kind, interrupt)
    with tempfile.TemporaryDirectory(prefix="quality-") as work:
        try:
            return compare(options, work)
        except Fault as why:
            tell(why)
            return 1
        except OSError as why:
            tell(f"{why.filename or 'a file'}: {why.strerror}")
            return 1
        except KeyboardInterrupt:
            tell("interrupted; what was finished stays in the cache" if options.cache else "interrupted")
            return 130


if __name__ == "__main__":
    sys.exit(main())
