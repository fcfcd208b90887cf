"""sordino-train on several machines, which here are processes of one, started by Open MPI's mpirun.

    test_train_machines.py SORDINO_TRAIN [mpi]

Skips where it was built without MPI, or where there is no Open MPI.
"""
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

TRAIN = sys.argv[1]
MPIRUN = shutil.which("mpirun")
# Any number of processes on any number of cores, by anyone; in containers one process may not read
# another's memory, so that they copy.
LAUNCH = [MPIRUN, "--allow-run-as-root", "--oversubscribe", "--bind-to", "none",
          "--mca", "btl_vader_single_copy_mechanism", "none"]
# What is left of a run that ends early is killed a second later; one to be stopped has to write.
STOPPABLE = [*LAUNCH, "--mca", "odls_base_sigkill_timeout", "5"]
SMALL = ["--network", "speech-s", "--channels", "8", "--hidden", "8", "--dilations", "1,2",
         "--taps", "0", "--rates", "16000", "--seconds", "0.5", "--batch", "5", "--lanes", "5",
         "--pool", "0", "--validation-items", "4", "--threads", "1", "--warm-up", "5",
         "--noise", "hiss", "--signal", "tones", "--force", "--even-if-worse"]
LONG = 240  # s: no run here takes a tenth of it, but machines are shared
# MPI keeps memory for the life of a process.
ENVIRONMENT = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=LONG, env=ENVIRONMENT)


class Machines(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sordino-machines-")
        self.addCleanup(shutil.rmtree, self.folder)

    def at(self, name):
        return os.path.join(self.folder, name)

    def tensors_of(self, name):
        with open(self.at(name), "rb") as f:
            raw = f.read()
        return raw[8 + struct.unpack("<Q", raw[:8])[0]:]

    def lines_of(self, name):
        with open(self.at(name)) as f:
            return [json.loads(line) for line in f if line.endswith("\n")]

    def said(self, result):
        return [line for line in result.stderr.splitlines() if line.startswith("sordino-train: ")]

    # Sums are in the order of lanes whatever the number of machines: on processors of one kind
    # the tolerance is nothing.
    def test_two_machines_give_the_model_of_one_bit_for_bit(self):
        for norm in ([], ["--norm"]):
            options = [*SMALL, *norm, "--steps", "12"]
            one = run(TRAIN, *options, "-o", self.at("one.safetensors"))
            self.assertEqual(one.returncode, 0, one.stderr)
            two = run(*LAUNCH, "-n", "2", TRAIN, *options, "-o", self.at("two.safetensors"))
            self.assertEqual(two.returncode, 0, two.stderr)
            self.assertEqual(self.tensors_of("one.safetensors"), self.tensors_of("two.safetensors"))
            logs = [[line.get("scores") for line in self.lines_of(name + ".jsonl")]
                    for name in ("one", "two")]
            self.assertEqual(logs[0], logs[1])
            self.assertEqual(two.stderr.count("Scores on"), 1)

    # Each has a clock of its own; the first one's counts.
    def test_minutes_are_those_of_the_first_machine(self):
        result = run(*LAUNCH, "-n", "2", TRAIN, *SMALL, "--minutes", "0.02", "-o",
                     self.at("m.safetensors"))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertGreater(len([1 for line in self.lines_of("m.jsonl") if "scores" in line]), 0)

    def test_a_run_stopped_on_two_machines_goes_on_on_one_or_two(self):
        options = [*SMALL, "--hours", "1", "--validate-every", "0.002", "--cool-down", "0"]
        # More to do than there is time for, until it is stopped.
        process = subprocess.Popen(
            [*STOPPABLE, "-n", "2", TRAIN, *options, "-o", self.at("cut.safetensors")],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
        end = time.time() + LONG
        while time.time() < end and process.poll() is None:
            if os.path.exists(self.at("cut.jsonl")) and any(
                    line.get("step", 0) > 5 for line in self.lines_of("cut.jsonl")):
                break
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)  # as SIGINT, which background jobs of a shell ignore
        said = process.communicate(timeout=LONG)[1]
        self.assertNotEqual(process.returncode, 0)
        self.assertEqual(said.count("go on with --resume"), 1, said)
        self.assertFalse(os.path.exists(self.at("cut.safetensors")))
        hours = self.lines_of("cut.jsonl")[-1]["hours"]
        results = []
        for launch in ([], [*LAUNCH, "-n", "2"]):
            name = "two" if launch else "one"
            shutil.copy(self.at("cut.checkpoint"), self.at(name + ".checkpoint"))
            result = run(*launch, TRAIN, *options, "--hours", str(hours + 0.01), "--resume", "-o",
                         self.at(name + ".safetensors"))
            self.assertEqual(result.returncode, 0, result.stderr)
            results.append(self.tensors_of(name + ".safetensors"))
        self.assertEqual(results[0], results[1])

    def test_what_fails_on_one_machine_ends_all_with_one_sentence(self):
        cases = [
            (["--seed", "2"], "machine 2 of 2", "The settings differ"),
            (["--steps", "9"], "machine 2 of 2", "--steps differ"),
            (["--noise", self.at("nowhere.wav")], "machine 2 of 2", "nowhere.wav"),
            (["--frob"], "machine 2 of 2", "--frob"),
        ]
        options = [*SMALL, "--steps", "5", "-o", self.at("m.safetensors")]
        for more, *words in cases:
            result = run(*LAUNCH, "-n", "1", TRAIN, *options, ":", "-n", "1", TRAIN, *options, *more)
            self.assertNotEqual(result.returncode, 0)
            said = self.said(result)
            self.assertEqual(len(said), 1, result.stderr)
            for word in words:
                self.assertIn(word, said[0])
            self.assertEqual(os.listdir(self.folder), [])

    def test_a_checkpoint_that_cannot_be_written_ends_all(self):
        result = run(*LAUNCH, "-n", "2", TRAIN, *SMALL, "--steps", "5", "--checkpoint",
                     self.at("no/where"), "-o", self.at("m.safetensors"))
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual(len(self.said(result)), 1, result.stderr)
        self.assertIn("no/where", self.said(result)[0])

    def test_more_machines_than_lanes_are_refused(self):
        result = run(*LAUNCH, "-n", "3", TRAIN, *SMALL, "--lanes", "2", "-o",
                     self.at("m.safetensors"))
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual(len(self.said(result)), 1, result.stderr)
        self.assertIn("--lanes", self.said(result)[0])

    def test_only_training_is_for_several(self):
        result = run(*LAUNCH, "-n", "2", TRAIN, "--preview", self.folder)
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual(len(self.said(result)), 1, result.stderr)


if "mpi" not in sys.argv[2:]:
    print("train-machines: sordino-train was built without MPI")
    sys.exit(77)
if not MPIRUN or "Open MPI" not in run(MPIRUN, "--version").stdout:
    print("train-machines: there is no mpirun of Open MPI here")
    sys.exit(77)
unittest.main(argv=sys.argv[:1])
