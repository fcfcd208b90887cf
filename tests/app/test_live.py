"""sordino-live on JACK servers without hardware: streams, devices, files, noise.

    test_live.py SORDINO_LIVE SORDINO JACK_PROBE [DATA]
"""
import array
import json
import os
import random
import signal
import subprocess
import threading
import time
import unittest

import noisy_voice
from live_jack import (DATA, LIVE, PATIENCE, PROBE, SEED, SORDINO, Case, Server, end, main, noisy_tone, port_latencies,
                       run, samples, start, wait_for)


class Streams(Case):
    def check_core(self, raw, clean, latency, model="wiener"):
        """What went out is what sordino makes of what came in."""
        done = subprocess.run([SORDINO, "-f", "-m", model, self.path("raw.wav"),
                               self.path("core.wav")], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        core, delay = samples(self.path("core.wav")), 4 * int(latency["text"].split()[0])
        self.assertEqual(len(raw), len(clean))
        self.assertGreater(len(clean), delay)
        self.assertEqual(clean[delay:], core[:len(clean) - delay])

    @unittest.skipUnless(noisy_voice.is_recorded(DATA), "there are no recordings, or no ffmpeg")
    def test_a_recorded_noisy_voice_passes_as_the_core_makes_it(self):
        x = noisy_voice.make(DATA, 11, 48000, SEED)
        x[0] = 0.5
        self.write("noisy.f32", x)
        with Server() as server:
            for model in ("speech", "wiener"):
                raw, clean, sent, received, latency = self.play(server, "-m", model, "--limit", "120")
                self.check_core(raw, clean, latency, model)
                at = next(i for i in range(0, len(raw), 4) if raw[i:i + 4] != b"\0\0\0\0")
                self.assertEqual(raw[at:at + len(sent)], sent)
                self.assertEqual(clean[at:at + len(received)], received)

    def check_blocks(self, period):
        with Server(period) as server:
            raw, clean, sent, received, latency = self.play(server, "-m", "wiener", "--limit", "120")
            self.check_core(raw, clean, latency)
            at = next(i for i in range(0, len(raw), 4) if raw[i:i + 4] != b"\0\0\0\0")
            self.assertEqual(raw[at:at + len(sent)], sent)
            self.assertEqual(clean[at:at + len(received)], received)

            # Passed through, what comes back is what was sent, so much later as was told.
            _, _, sent, received, latency = self.play(server, "-m", "wiener", "--mix", "0")
            self.assertIn(" 0.0 ms in the device", latency["text"])
            delay = 4 * int(latency["text"].split()[0])
            self.assertEqual(received[:delay], bytes(delay))
            self.assertEqual(received[delay:], sent[:len(sent) - delay])

    def test_blocks_of_64_give_what_the_core_gives(self):
        self.check_blocks(64)

    def test_blocks_of_480_give_what_the_core_gives(self):
        self.check_blocks(480)

    def test_blocks_of_1000_give_what_the_core_gives(self):
        self.check_blocks(1000)

    def test_blocks_of_1024_give_what_the_core_gives(self):
        self.check_blocks(1024)

    def test_any_wish_for_a_block_is_served_by_the_servers(self):
        with Server() as server:
            for block in ("0", "64", "1000"):
                raw, clean, sent, received, latency = self.play(
                    server, "-m", "wiener", "--limit", "120", "--block", block, seconds=1)
                self.check_core(raw, clean, latency)


def cmdline(process):
    with open(f"/proc/{process.pid}/cmdline", "rb") as file:
        return file.read()


class Devices(Case):
    def test_no_server_is_told_in_one_line(self):
        env = dict(os.environ, JACK_DEFAULT_SERVER=f"nobody-{os.getpid()}")
        done = run("--input", "JACK", env=env)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertRegex(done.stderr, "^sordino-live: audio: .*--(list|stdin)")

    def test_a_configuration_without_devices_is_told_in_one_line(self):
        self.write("asound.conf", array.array("f"))
        done = run("--list", env=dict(os.environ, JACK_DEFAULT_SERVER=f"nobody-{os.getpid()}",
                                      ALSA_CONFIG_PATH=self.path("asound.conf")))
        self.assertLessEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertRegex(done.stderr, "^sordino-live: audio: ")

    def test_devices_are_listed_and_told_apart(self):
        with Server() as server:
            probe = self.start_probe(server)
            text = run("--list", env=server.env)
            self.assertEqual((text.returncode, text.stderr), (0, ""))
            self.assertIn("JACK Audio Connection Kit\n", text.stdout)
            devices = json.loads(run("--list", "--json", env=server.env).stdout)
            by_name = {d["name"]: d for d in devices}
            self.assertEqual(by_name["system"]["inputs"], 1)
            self.assertEqual(by_name["src"]["rate"], 48000)

            several = run("--input", "kit: s", "--output", "dst", env=server.env)
            self.assertEqual(several.returncode, 1)
            self.assertIn("'kit: s' fits 2 devices:\n    JACK Audio Connection Kit: s", several.stderr)
            missing = run("--input", "nobody", env=server.env)
            self.assertEqual(missing.returncode, 1)
            self.assertIn("no input is called 'nobody'; see --list", missing.stderr)
            wrong = run("--input", "system", "--rate", "44100", env=server.env)
            self.assertEqual(wrong.returncode, 1)
            self.assertIn("does not run at 44100 Hz; leave --rate out", wrong.stderr)
            many = run("--input", "system", "--channels", "3", env=server.env)
            self.assertEqual(many.returncode, 1)
            self.assertIn("has 1 channels, not 3", many.stderr)
            probe.communicate("", timeout=PATIENCE)

    def check_comes_back(self, how):
        server = Server()
        live = start("--input", "system", "--output", "system", "--limit", "7", "--record-clean",
                     self.path("clean.wav"), env=server.env)
        wait_for(live, "status")
        server.stop(how)
        self.assertIn("was lost", wait_for(live, "lost")["text"])
        with Server(name=server.name):
            wait_for(live, "reopened")
            status = wait_for(live, "status")
            self.assertEqual((status["limit"], status["device_losses"]), (-7.0, 1))
            end(live)
            self.assertEqual(live.returncode, 0)
        self.assertGreater(len(samples(self.path("clean.wav"))), 0)

    def test_a_server_that_was_killed_is_found_again(self):
        self.check_comes_back(signal.SIGKILL)

    def test_a_server_that_ended_is_found_again(self):
        self.check_comes_back(signal.SIGTERM)

    def test_a_server_that_stood_still_is_found_again(self):
        """As one that slept with its machine."""
        with Server(patience=100) as server:
            live = start("--input", "system", "--output", "system", "--limit", "7", env=server.env)
            alarm = threading.Timer(PATIENCE, live.kill)
            alarm.start()
            wait_for(live, "status")
            server.process.send_signal(signal.SIGSTOP)
            self.assertIn("was lost", wait_for(live, "lost")["text"])
            while b"--resumed" not in cmdline(live):  # it goes on in a process of its own
                time.sleep(0.05)
            time.sleep(1)
            server.process.send_signal(signal.SIGCONT)
            wait_for(live, "reopened")
            status = wait_for(live, "status")
            self.assertEqual((status["limit"], status["device_losses"]), (-7.0, 1))
            end(live)
            alarm.cancel()
            self.assertEqual(live.returncode, 0)

    def test_signals_end_it_and_read_the_model_again(self):
        with Server() as server:
            for how in (signal.SIGINT, signal.SIGTERM):
                live = start("--input", "system", "-m", "wiener", env=server.env)
                wait_for(live, "status")
                live.send_signal(signal.SIGHUP)
                self.assertEqual(wait_for(live, "reloaded")["subject"], "wiener")
                events, _ = end(live, how)
                self.assertEqual(events[-1]["event"], "stopped")
                self.assertEqual(live.returncode, 0)


class Latency(Case):
    def check(self, *options, period=256):
        with Server(period) as server:
            probe = self.start_probe(server)
            live = start("--input", "src", "--output", "dst", *options, env=server.env)
            latency = int(wait_for(live, "latency")["text"].split()[0])
            wait_for(live, "status")
            self.assertGreater(latency, 0)
            # From src to dst: what dst hears is so late, and what src says is heard so late.
            capture, _ = port_latencies(server, "dst:in")
            _, playback = port_latencies(server, "src:out")
            self.assertEqual((capture, playback), ((latency, latency), (latency, latency)))
            end(live)
            probe.communicate("", timeout=PATIENCE)

    def test_jack_is_told_the_latency(self):
        self.check("-m", "speech")
        self.check("-m", "wiener")

    def test_jack_is_told_the_latency_whatever_its_blocks(self):
        self.check("-m", "wiener", period=1000)

    def test_jack_is_told_the_latency_again_after_a_loss(self):
        server = Server()
        live = start("--input", "system", "--output", "system", "-m", "wiener", env=server.env)
        wait_for(live, "status")
        server.stop(signal.SIGTERM)
        wait_for(live, "lost")
        with Server(name=server.name) as back:
            wait_for(live, "reopened")
            latency = int(wait_for(live, "latency")["text"].split()[0])
            wait_for(live, "status")
            (_, most), _ = port_latencies(back, "sordino-live:out_0")
            self.assertGreaterEqual(most, latency)
            end(live)


class Rates(Case):
    def test_a_server_that_comes_back_at_another_rate_is_served_at_that(self):
        for how in (signal.SIGTERM, signal.SIGKILL):
            server = Server()
            live = start("--input", "system", "--output", "system", "-m", "wiener", "--limit", "7",
                         "--record-clean", self.path("clean.wav"), "--force", env=server.env)
            self.assertIn("48000 Hz", wait_for(live, "started")["text"])
            wait_for(live, "status")
            server.stop(how)
            wait_for(live, "lost")
            with Server(name=server.name, rate=44100):
                self.assertIn("44100 Hz", wait_for(live, "reopened")["text"])
                status = wait_for(live, "status")
                self.assertEqual((status["rate"], status["limit"]), (44100, -7.0))
                events, _ = end(live)
                self.assertEqual(live.returncode, 0)
            for name, rate in (("clean.wav", 48000), ("clean-2.wav", 44100)):
                with open(self.path(name), "rb") as file:
                    head = file.read(200)
                at = head.index(b"fmt ") + 12
                self.assertEqual(int.from_bytes(head[at:at + 4], "little"), rate, name)
                os.remove(self.path(name))

    def learn(self, server, *options):
        """sordino-live that hears steady noise, and who plays it."""
        draw = random.Random(SEED)
        self.write("hiss.f32", array.array("f", (draw.gauss(0, 0.05) for _ in range(48000))))
        probe = subprocess.Popen([PROBE, self.path("hiss.f32"), "-"], env=server.env, text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.assertEqual(probe.stdout.readline(), "ready\n")
        live = start("--input", "src", "--output", "dst", "-m", "wiener", *options, env=server.env)
        return probe, live

    def test_learned_noise_outlives_the_server(self):
        for how in (signal.SIGTERM, signal.SIGKILL):
            server = Server()
            probe, live = self.learn(server, "--learn-noise", "1", "--save-profile",
                                     self.path("room.safetensors"), "--force")
            wait_for(live, "learned")
            for _ in range(2):  # a block more has told the noise by then
                wait_for(live, "status")
            server.stop(how)
            wait_for(live, "lost")
            probe.kill()
            probe.communicate()
            with Server(name=server.name, rate=44100) as back:
                probe = self.start_probe(back)
                again = []
                for line in live.stdout:
                    again.append(json.loads(line)["event"])
                    if again[-1] == "status" and "reopened" in again:
                        break
                self.assertNotIn("learning", again)
                events, errors = end(live)
                self.assertEqual((live.returncode, "profile" in [e["event"] for e in events]),
                                 (0, False), errors)
                probe.communicate("", timeout=PATIENCE)
            # Of noise at a standard deviation of 0.05, which silence afterwards has not replaced.
            with open(self.path("room.safetensors"), "rb") as file:
                data = file.read()
            psd = array.array("f", data[8 + int.from_bytes(data[:8], "little"):])
            self.assertGreater(max(psd), 0.05 ** 2 / 24000 / 2)
            os.remove(self.path("room.safetensors"))


class Files(Case):
    def write_wav(self, name, x, rate=48000):
        data = x.tobytes()
        with open(self.path(name), "wb") as file:
            file.write(b"RIFF" + (36 + len(data)).to_bytes(4, "little") + b"WAVEfmt " +
                       (16).to_bytes(4, "little") + (3).to_bytes(2, "little") +
                       (1).to_bytes(2, "little") + rate.to_bytes(4, "little") +
                       (4 * rate).to_bytes(4, "little") + (4).to_bytes(2, "little") +
                       (32).to_bytes(2, "little") + b"data" + len(data).to_bytes(4, "little") + data)
        return data

    def core(self, name):
        done = subprocess.run([SORDINO, "-f", "-m", "wiener", self.path(name), self.path("core.wav")],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return samples(self.path("core.wav"))

    def test_a_microphone_goes_into_a_file(self):
        with Server() as server:
            probe = self.start_probe(server)
            live = start("--input", "system", "--output-file", self.path("out.wav"), "-m", "wiener",
                         "--limit", "120", "--record-raw", self.path("raw.wav"), env=server.env)
            delay = 4 * int(wait_for(live, "latency")["text"].split()[0])
            wait_for(live, "status")
            self.assertFalse(os.path.exists(self.path("out.wav")))  # only once it is whole
            events, errors = end(live)
            self.assertEqual((live.returncode, errors), (0, ""))
            probe.communicate("", timeout=PATIENCE)
        out, raw = samples(self.path("out.wav")), samples(self.path("raw.wav"))
        self.assertEqual(len(out), len(raw))
        self.assertEqual(out[delay:], self.core("raw.wav")[:len(out) - delay])
        self.assertEqual(sorted(os.listdir(self.folder)), ["core.wav", "out.wav", "raw.wav"])

    def test_a_file_goes_to_a_loudspeaker_to_its_end(self):
        x = noisy_tone(6)
        sent = self.write_wav("in.wav", x)
        with Server() as server:
            probe = self.start_probe(server)
            live = start("--input-file", self.path("in.wav"), "--output", "dst", "-m", "wiener",
                         "--limit", "120", "--record-raw", self.path("raw.wav"), "--record-clean",
                         self.path("clean.wav"), env=server.env)
            delay = 4 * int(wait_for(live, "latency")["text"].split()[0])
            out, errors = live.communicate(timeout=PATIENCE)  # it ends by itself
            self.assertEqual((live.returncode, errors), (0, ""))
            probe.communicate("", timeout=PATIENCE)
        raw, clean = samples(self.path("raw.wav")), samples(self.path("clean.wav"))
        self.assertEqual(raw[:len(sent)], sent)
        self.assertEqual(raw[len(sent):].strip(b"\0"), b"")
        self.assertEqual(clean[delay:delay + len(sent)], self.core("in.wav"))

    def test_a_file_goes_on_where_the_server_was_killed(self):
        sent = self.write_wav("in.wav", noisy_tone(8))
        server = Server()
        live = start("--input-file", self.path("in.wav"), "--output", "system", "-m", "wiener",
                     "--record-raw", self.path("raw.wav"), env=server.env)
        wait_for(live, "status")
        server.stop(signal.SIGKILL)
        wait_for(live, "lost")
        with Server(name=server.name):
            out, errors = live.communicate(timeout=PATIENCE)
            self.assertEqual(live.returncode, 0, errors)
        first, second = samples(self.path("raw.wav")), samples(self.path("raw-2.wav"))
        at = len(first)
        self.assertLess(at, len(sent))
        self.assertEqual(first, sent[:at])
        self.assertEqual(second[:len(sent) - at], sent[at:])

    def test_what_cannot_be_played_is_told(self):
        self.write_wav("slow.wav", noisy_tone(1, 44100), 44100)
        with open(self.path("text.wav"), "w", encoding="ascii") as file:
            file.write("no sound")
        with open(self.path("there.wav"), "w", encoding="ascii") as file:
            file.write("kept")
        with Server() as server:
            for options, words in {
                    ("--input-file", self.path("slow.wav"), "--output", "system"):
                        "does not run at the file's 44100 Hz",
                    ("--input-file", self.path("text.wav")): "no sound that can be read",
                    ("--input-file", self.path("none.wav")): "cannot be read: No such file",
                    ("--input", "system", "--output-file", self.path("there.wav")): "--force",
                    ("--input", "system", "--output-file", self.path("x.mp9")): "no format that is",
                    ("--input", "system", "--output-file", "/nowhere/x.wav"): "its folder"}.items():
                done = run(*options, env=server.env)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(words, done.stderr)
        with open(self.path("there.wav"), encoding="ascii") as file:
            self.assertEqual(file.read(), "kept")
        self.assertFalse([name for name in os.listdir(self.folder) if "sordino" in name])


    def test_nothing_is_left_behind_of_what_could_not_begin(self):
        with open(self.path("there.wav"), "w", encoding="ascii") as file:
            file.write("kept")
        with Server() as server:
            for options in (("--rate", "44100", "--record-raw", self.path("a.wav")),
                            ("--rate", "44100", "--output-file", self.path("b.wav")),
                            ("--rate", "44100", "--record-raw", self.path("there.wav"), "--force"),
                            ("--record-raw", self.path("c.wav"), "--record-clean", self.path("d.mp9")),
                            ("--record-raw", self.path("e.wav"), "--record-clean", "/nowhere/f.wav")):
                done = run("--input", "system", *options, env=server.env)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertNotIn("frames", done.stdout)
                self.assertEqual(os.listdir(self.folder), ["there.wav"], options)
            done = run("--input", "system", "--rate", "44100", "--force", "--record-noise",
                       self.path("there.wav"), "1", env=server.env)
            self.assertEqual(done.returncode, 1, done.stderr)
        with open(self.path("there.wav"), encoding="ascii") as file:
            self.assertEqual(file.read(), "kept")


class Feedback(Case):
    def test_a_microphone_is_not_played_to_just_any_loudspeaker(self):
        with Server() as server:
            for options in ((), ("-m", "wiener"), ("--input", "system"), ("--json",),
                            ("--record-raw", self.path("raw.wav"))):
                done = subprocess.run([LIVE, *options], env=server.env, capture_output=True, text=True,
                                      timeout=PATIENCE, stdin=subprocess.DEVNULL)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertEqual(done.stderr.count("\n"), 1)
                self.assertIn("--virtual-mic for calls, or --output default", done.stderr)
                self.assertEqual(os.listdir(self.folder), [])
            done = run("--output", "default", "--seconds", "0.5", env=server.env)
            self.assertEqual((done.returncode, done.stderr), (0, ""))


class Noise(Case):
    def test_a_server_that_is_killed_ends_it_with_what_was_heard(self):
        for how in (signal.SIGTERM, signal.SIGKILL):
            server = Server()
            live = start("--input", "system", "--force", "--record-noise", self.path("noise.wav"), "60",
                         env=server.env)
            wait_for(live, "started")
            while live.poll() is None and (not os.path.exists(self.path("noise.wav")) or
                                           os.path.getsize(self.path("noise.wav")) < 48000):
                time.sleep(0.05)
            server.stop(how)
            out, errors = live.communicate(timeout=PATIENCE)
            with Server(name=server.name):  # JACK forgets one that was killed only now
                self.assertEqual(live.returncode, 0, errors)
            self.assertIn("was lost", errors)
            self.assertGreater(len(samples(self.path("noise.wav"))), 40000)
            os.remove(self.path("noise.wav"))

    def record(self, server, x):
        self.write("sent.f32", x)
        probe = self.start_probe(server, self.path("sent.f32"))
        # The other end is connected by hand: it begins once someone listens.
        subprocess.run(["jack_connect", "system:capture_1", "dst:in"], env=server.env, check=True,
                       capture_output=True)
        live = start("--input", "src", "--force", "--record-noise", self.path("noise.wav"), "3",
                     env=server.env)
        wait_for(live, "started")
        out, errors = live.communicate(timeout=PATIENCE)
        self.assertEqual(live.returncode, 0, errors)
        probe.communicate(timeout=PATIENCE)
        return out + errors

    def test_noise_is_told_from_silence_and_from_what_comes_and_goes(self):
        draw = random.Random(SEED)
        steady = array.array("f", (draw.gauss(0, 0.05) for _ in range(48000 * 5)))
        pulsed = array.array("f", (x * (1 if t // 12000 % 2 else 0.01)
                                   for t, x in enumerate(steady)))
        with Server() as server:
            self.assertIn("holds silence", self.record(server, array.array("f", bytes(4 * 240000))))
            said = self.record(server, steady)
            self.assertIn("of steady noise at -2", said)
            self.assertGreaterEqual(len(samples(self.path("noise.wav"))), 3 * 48000 * 4)
            self.assertIn("comes and goes", self.record(server, pulsed))


class Words(Case):
    def test_usage_is_told(self):
        for options, text in {("--rate", "0"): "hertz from 1000",
                              ("--nonsense",): "is no option",
                              ("file.wav",): "no names are taken",
                              ("--record-noise", "a.wav"): "takes a file and seconds",
                              ("--hop", "0.01"): "depends on the window",
                              ("--record-raw", "a.wav", "--record-clean", "a.wav"): "are one file",
                              ("--input-file", "a.wav", "--output-file", "b.wav"): "no device is left",
                              ("--input-file", "a.wav", "--input", "x"): "are two inputs",
                              ("--output-file", "a.wav", "--output", "x"): "are two outputs",
                              ("--output-file", "a.wav", "--record-clean", "b.wav"): "the same",
                              ("--output-file", "a.wav", "--list"): "are for running alone",
                              ("--virtual-mic", "--virtual-speaker"): "are two directions",
                              ("--virtual-mic", "--output", "x"): "is the output",
                              ("--virtual-mic", "--output-file", "a.wav"): "is the output",
                              ("--virtual-speaker", "--input", "x"): "is the input",
                              ("--virtual-speaker", "--input-file", "a.wav"): "is the input"
                              }.items():
            done = run(*options)
            self.assertEqual(done.returncode, 2, options)
            self.assertIn(text, done.stderr)

    def test_configurations_say_what_was_asked_for(self):
        pipewire = run("--print-pipewire-conf", "--model", "wiener", "--limit", "12").stdout
        self.assertIn('plugin = "urn:sordino:mono"', pipewire)
        self.assertIn('"limit"  = -12.0', pipewire)
        self.assertIn('"method" = 1', pipewire)
        self.assertEqual(pipewire.count("audio.position = [ MONO ]"), 2)
        self.assertEqual(pipewire.count("{"), pipewire.count("}"))
        unit = run("--print-systemd-unit", "--input", 'USB "5%"').stdout
        self.assertIn(" --virtual-mic", unit)
        self.assertNotIn("--virtual", run("--print-systemd-unit", "--output", "USB").stdout)
        self.assertIn('--input "USB \\"5%%\\""', unit)


if __name__ == "__main__":
    main()
