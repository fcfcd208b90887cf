"""sordino-live on a terminal: what it shows, its keys, and the terminal as it was afterwards.

    test_live_screen.py SORDINO_LIVE SORDINO JACK_PROBE
"""
import array
import fcntl
import glob
import json
import os
import pty
import re
import resource
import select
import shutil
import signal
import struct
import subprocess
import termios
import time
import unittest

from live_jack import LIVE, PATIENCE, PROBE, Case, Server, end, main, noisy_tone, port_latencies, run, samples, start, wait_for, with_output


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, folder, env, rows, columns, *options):
        self.fd, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen([LIVE, *with_output(options)], env=dict(env, TERM="xterm"), cwd=folder,
                                        stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                        start_new_session=True)
        self.text = self.all = ""

    def read(self, seconds):
        if select.select([self.fd], [], [], seconds)[0]:
            part = os.read(self.fd, 65536).decode(errors="replace")
            self.text += part
            self.all += part

    def expect(self, pattern):
        """Reads until the pattern came; what was read until then is done with."""
        limit = time.monotonic() + PATIENCE
        while time.monotonic() < limit:
            found = re.search(pattern, self.text)
            if found:
                self.text = self.text[found.end():]
                return found
            self.read(0.2)
        raise AssertionError(f"{pattern!r} did not come: {self.text[-600:]!r}")

    def press(self, key, pattern):
        self.text = ""
        os.write(self.fd, key.encode())
        return self.expect(pattern)

    def finish(self):
        """How it ended; what it still wrote is read."""
        limit = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < limit:
            self.read(0.1)
        self.read(0.1)
        return self.process.wait(1)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        os.close(self.fd)
        os.close(self.slave)


class Screen(Case):
    def setUp(self):
        super().setUp()
        self.server = Server()
        self.addCleanup(lambda: self.server.stop())

    def open(self, *options, rows=24, columns=80):
        terminal = Terminal(self.folder, self.server.env, rows, columns, *options)
        self.addCleanup(terminal.close)
        return terminal

    def check_restored(self, terminal):
        self.assertEqual(termios.tcgetattr(terminal.slave), terminal.before)
        self.assertGreater(terminal.all.rfind("\x1b[?25h"), terminal.all.rfind("\x1b[?25l"))

    def test_each_key_does_what_it_says(self):
        t = self.open("--input", "system", "--output", "system", "-m", "wiener")
        t.expect("q end  b bypass  d delta")
        t.expect(r"in \[.*\] .* dB  out \[.*\] .* dB  red .*\n.*wiener  limit 20 dB")
        t.press("b", "BYPASS")
        t.press("d", "BYPASS DELTA")
        t.press("b", r"red -?\d+ dB  DELTA")
        t.press("d", r"red -?\d+ dB *\x1b\[K")
        t.press("-", "limit 23 dB")
        t.press("+", "limit 20 dB")
        t.press("n", "noise: now learning it")
        t.expect("LEARN")
        self.hear(t)
        t.press("n", "noise: learned, and used from now on")
        t.press("r", r"sordino-\d+-\d+-raw.wav: now recording to it and to sordino-\S*-clean.wav")
        t.expect("REC")
        t.press("r", r"record-raw: \d+ frames, 0 lost")
        self.assertEqual(len(glob.glob(self.path("sordino-*-raw.wav"))), 1)
        self.assertEqual(len(glob.glob(self.path("sordino-*-clean.wav"))), 1)
        t.press("l", "wiener: now in use")
        t.press("?", "limit 20 dB")  # means nothing
        t.press("mm", r"speech\S*: now in use")  # while the change before is still under way
        t.press("q", "ended: after .* s; xruns")
        self.assertEqual(t.finish(), 0)
        self.check_restored(t)

    def test_jack_is_told_the_latency_of_another_method(self):
        t = self.open("--input", "system", "--output", "system", "-m", "wiener", "--window", "0.005")
        t.expect("wiener  limit")
        before, _ = port_latencies(self.server, "sordino-live:out_0")
        t.press("m", r"speech\S*: now in use")
        limit = time.monotonic() + PATIENCE
        while port_latencies(self.server, "sordino-live:out_0")[0] <= before:
            self.assertLess(time.monotonic(), limit)
            t.read(0.2)
        t.press("q", "ended: after")
        self.assertEqual(t.finish(), 0)

    def test_without_an_output_it_asks(self):
        for answer, pattern in (("h", "wiener  limit"), ("q", "> "), ("", "> ")):
            t = Terminal(self.folder, self.server.env, 24, 80, "-m", "wiener")
            self.addCleanup(t.close)
            t.expect("would be heard from the loudspeaker(?s:.*)> ")
            os.write(t.fd, answer.encode() + b"\n")
            if answer == "h":
                t.expect(pattern)
                t.press("q", "ended: after")
            self.assertEqual(t.finish(), 0 if answer == "h" else 2)

    def test_muted_nothing_goes_out(self):
        self.write("tone.f32", noisy_tone(2))
        probe = subprocess.Popen([PROBE, self.path("tone.f32"), "-"], env=self.server.env, text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.assertEqual(probe.stdout.readline(), "ready\n")
        t = self.open("--input", "src", "--output", "dst", "-m", "wiener", "--mix", "0",
                      "--record-clean", self.path("clean.wav"), "--record-raw", self.path("raw.wav"))
        t.expect("wiener  limit")
        self.hear(t)
        t.press("x", "output: muted; press x to be heard")
        t.expect("MUTE")
        self.hear(t, 10)
        t.press("x", "output: heard again")
        self.hear(t)
        t.press("p", "output: hold space down to be heard")
        t.expect("MUTE")
        self.hear(t, 10)
        t.press(" ", "TALK")
        t.expect("MUTE")  # a moment later
        self.hear(t, 10)
        t.press("q", "ended: after")
        self.assertEqual(t.finish(), 0)
        probe.communicate("", timeout=PATIENCE)
        clean = array.array("f", samples(self.path("clean.wav")))
        # Loud, silent, loud, silent, loud, silent: pieces of 10 ms, of which those that glide count as loud.
        loud = [any(clean[at:at + 480]) for at in range(4800, len(clean) - 480, 480)]
        runs = [loud[0]] + [b for a, b in zip(loud, loud[1:]) if a != b]
        self.assertEqual(runs, [True, False] * 3)
        raw = array.array("f", samples(self.path("raw.wav")))
        silent = next(at for at in range(0, len(raw) - 480, 480)
                      if at > 4800 and not any(clean[at:at + 480]))
        self.assertTrue(any(raw[silent:silent + 480]))  # what comes in is recorded all the same

    def test_pushed_to_talk_it_begins_muted(self):
        t = self.open("--input", "system", "-m", "wiener", "--push-to-talk")
        t.expect("MUTE")
        t.press(" ", "TALK")
        t.press("p", "heard all the time")
        t.press("q", "ended: after")
        self.assertEqual(t.finish(), 0)

    def test_the_limit_ends_at_its_ends(self):
        t = self.open("--input", "system", "-m", "wiener", "--limit", "3")
        t.expect("limit 3 dB")
        t.press("+", "limit 0 dB")
        t.press("+", "limit 0 dB")
        t.process.terminate()
        self.assertEqual(t.finish(), 0)

    def test_a_network_says_that_it_learns_no_noise(self):
        t = self.open("--input", "system", "-m", "speech")
        t.expect("speech  limit")
        t.press("n", "speech learns no noise; press m")
        t.process.terminate()
        self.assertEqual(t.finish(), 0)

    @staticmethod
    def hear(t, n=6):
        """Waits for some pictures, and so for some tenths of a second."""
        for _ in range(n):
            t.expect("limit 20 dB")

    def test_noise_is_said_to_be_known_only_when_it_is(self):
        t = self.open("--input", "system", "-m", "wiener", "--save-profile",
                      self.path("room.safetensors"))
        t.expect("wiener  limit")
        t.press("n", "noise: now learning it")
        self.hear(t)
        # A network learns nothing: what was heard until here is kept before it takes over.
        t.press("m", r"noise: learned, and(?s:.*)\S+: now in use")
        t.press("n", "learns no noise; press m")
        t.press("q", "ended: after")
        self.assertEqual(t.finish(), 0)
        self.assertNotIn("is known", t.all)
        self.assertTrue(os.path.exists(self.path("room.safetensors")))

    def test_no_noise_is_learned_by_a_network_that_is_on_its_way(self):
        t = self.open("--input", "system", "-m", "wiener")
        t.expect("wiener  limit")
        t.press("mn", "learns no noise; press m")
        t.press("q", "ended: after")
        self.assertNotIn("LEARN", t.all)
        self.assertEqual(t.finish(), 0)

    def test_noise_of_which_nothing_was_heard_is_not_known(self):
        t = self.open("--input", "system", "-m", "wiener")
        t.expect("wiener  limit")
        t.press("nn", "noise: nothing was learned, as too little was heard")
        t.press("q", "ended: after")
        self.assertEqual(t.finish(), 0)

    def test_any_end_leaves_the_terminal_as_it_was(self):
        for how, code in ((signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGQUIT, -signal.SIGQUIT),
                          (signal.SIGABRT, -signal.SIGABRT)):
            self.server.stop()
            self.server = Server(patience=500 if code < 0 else 2000)
            t = self.open("--input", "system", "-m", "wiener")
            t.expect("wiener  limit")
            self.assertNotEqual(termios.tcgetattr(t.slave), t.before)
            t.process.send_signal(how)
            self.assertEqual(t.finish(), code)
            self.check_restored(t)

    def test_stopped_it_leaves_the_terminal_and_takes_it_again(self):
        t = self.open("--input", "system", "-m", "wiener")
        t.expect("wiener  limit")
        t.process.send_signal(signal.SIGTSTP)
        t.expect(r"\x1b\[\?25h")
        t.process.send_signal(signal.SIGCONT)
        t.press("b", "BYPASS")
        t.press("q", "ended: after")
        self.assertEqual(t.finish(), 0)
        self.check_restored(t)

    def test_it_ends_with_its_terminal(self):
        t = self.open("--input", "system", "-m", "wiener")
        t.expect("wiener  limit")
        os.close(t.fd)
        os.close(t.slave)
        t.fd, t.slave = os.open(os.devnull, os.O_RDWR), os.open(os.devnull, os.O_RDWR)
        self.assertEqual(t.process.wait(PATIENCE), 0)

    def test_lines_never_grow_over_the_width(self):
        for rows, columns in ((24, 80), (50, 200), (10, 30)):
            t = self.open("--input", "system", "-m", "wiener", rows=rows, columns=columns)
            t.expect("wiener +limit")
            for key in "bdnr":
                t.press(key, "BYPASS DELTA LEARN REC" if key == "r" and columns >= 80 else "wiener")
            t.press("?", "(?s)wiener .*wiener [^\\x1b]*\\x1b")
            at = t.all.rfind("\x1b[A", 0, t.all.rfind("\x1b[A"))  # the last that is whole
            drawn = re.sub(r"\x1b\[[?0-9]*[A-Za-z]", "", t.all[at:t.all.rfind("\x1b[A")])
            self.assertIn("wiener", drawn)
            for line in re.split(r"[\r\n]+", drawn):
                self.assertLess(len(line), columns, line)
            t.press("q", "ended: after")
            self.assertEqual(t.finish(), 0)
            for name in glob.glob(self.path("sordino-*")):
                os.remove(name)


class Lines(Case):
    def test_elsewhere_there_are_lines_without_colours_or_cursors(self):
        with Server() as server:
            done = run("--input", "system", "--seconds", "1", "-m", "wiener", env=server.env)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertNotIn("\x1b", done.stdout)
            self.assertRegex(done.stdout, "^sordino-live: JACK Audio Connection Kit: system: to ")
            self.assertRegex(done.stdout, "\nsordino-live: ended: after 1.* s; xruns ")
            quiet = run("--input", "system", "--seconds", "1", "-q", env=server.env)
            self.assertEqual((quiet.returncode, quiet.stdout, quiet.stderr), (0, "", ""))


class Priority(Case):
    def test_real_time_priority_that_is_not_allowed_is_told(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))
        rights = ["setpriv", "--bounding-set=-sys_nice"] if os.getuid() == 0 else []
        if rights and not shutil.which("setpriv"):
            self.skipTest("setpriv is not installed")
        with Server() as server:
            live = subprocess.Popen([*rights, LIVE, "--json", "--rt", "--input", "system", "--output",
                                     "system"], env=server.env, preexec_fn=limit, text=True,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE)
            self.assertIn("not allowed here, ordinary priority stays", wait_for(live, "rt")["text"])
            wait_for(live, "status")
            _, errors = end(live)
            self.assertEqual(live.returncode, 0)
            self.assertEqual(errors.count("\n"), 1, errors)

    def test_real_time_priority_is_taken_where_it_is_allowed(self):
        if subprocess.run(["chrt", "-f", "60", "true"], capture_output=True).returncode != 0:
            self.skipTest("it is not allowed here")
        with Server() as server:
            live = start("--rt", "--input", "system", "--output", "system", env=server.env)
            self.assertIn("runs at real-time priority", wait_for(live, "rt")["text"])
            threads = [subprocess.run(["chrt", "-p", thread], capture_output=True, text=True).stdout
                       for thread in os.listdir(f"/proc/{live.pid}/task")]
            self.assertEqual(sum("SCHED_FIFO" in text for text in threads), 1, threads)
            end(live)
            self.assertEqual(live.returncode, 0)


class Learning(Case):
    def test_noise_is_learned_and_saved_and_used_again(self):
        with Server() as server:
            self.write("noisy.f32", noisy_tone(5))
            probe = self.start_probe(server, self.path("noisy.f32"))
            live = start("--input", "src", "--output", "dst", "--learn-noise", "1.5", "--save-profile",
                         self.path("room.safetensors"), env=server.env)
            self.assertEqual(wait_for(live, "learning")["subject"], "noise")
            wait_for(live, "learned")
            probe.communicate(timeout=PATIENCE)
            events, errors = end(live)
            self.assertEqual((live.returncode, errors), (0, ""))
            with open(self.path("room.safetensors"), "rb") as file:
                data = file.read()
            json.loads(data[8:8 + int.from_bytes(data[:8], "little")])
            used = run("--input", "system", "--seconds", "1", "--noise-profile",
                       self.path("room.safetensors"), env=server.env)
            self.assertEqual((used.returncode, used.stderr), (0, ""))
            for options, words in {
                    ("--save-profile", self.path("room.safetensors")): "is there already",
                    ("--save-profile", self.path("new.safetensors")): "nothing was learned",
                    ("--noise-profile", self.path("none")): ""}.items():
                done = run("--input", "system", "--seconds", "1", "-m", "wiener", *options,
                           env=server.env)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(words, done.stderr)


if __name__ == "__main__":
    main()
