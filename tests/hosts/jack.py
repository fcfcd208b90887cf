"""jalv on a JACK server of its own, without a sound card: played to and recorded by play.c."""
import contextlib
import ctypes.util
import fcntl
import os
import tempfile

from processes import HostFailed, begin, stop, wait_for

# A whole number of the hops that the denoisers work in, so that it does not matter when one joins.
PERIOD = 960
RATE = 48000
BEFORE = [4 * RATE]  # silence that play.c plays; after so much, more or less makes no difference
LIMIT = 60  # s of play.c
# One name, and so one server at a time: libjack knows eight, and forgets one that was killed only
# when another of its name begins.
SERVER = "sordino-hosts"
SHARED = "/dev/shm"  # where libjack keeps them, whatever TMPDIR says
LOCK = os.path.join(SHARED if os.path.isdir(SHARED) else tempfile.gettempdir(),
                    "sordino-hosts-jack-%d" % os.getuid())
TRIES = 5


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def play(work, case, library, server, latency, ports, env):
    """What comes of a case by way of the ports (inputs, outputs); the file's name."""
    out = work.path("played.f32")
    inputs, outputs = ports
    work.run(work.play, library, server, str(latency), str(LIMIT), str(case.channels),
             case.wav + ".f32", out, *inputs, *outputs, **env)
    return out


def tried(attempt):
    """JACK and PipeWire leave out a block now and then; whatever is played whole must be equal."""
    for left in range(TRIES - 1, -1, -1):
        try:
            return attempt()
        except HostFailed as why:
            if not left:
                raise
            print("again: %s" % why, flush=True)
    return None


@contextlib.contextmanager
def locked():
    """Waits for its turn, also among other runs of these tests."""
    def is_free(file):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
    with open(LOCK, "w", encoding="utf-8") as file:
        wait_for("JACK's turn", lambda: is_free(file), 10 * LIMIT)
        yield


def played_by_jalv(work, case):
    env = {"JACK_DEFAULT_SERVER": SERVER, "JACK_NO_AUDIO_RESERVATION": "1",
           "JACK_NO_START_SERVER": "1"}
    controls = [word for s, v in case.settings.items() for word in ("-c", "%s=%.9g" % (s, v))]
    ports = [["jalv:" + symbol for _, symbol, _ in case.plugin.ports
              if symbol.startswith(side)][:case.channels] for side in ("in", "out")]
    path = work.path("jalv.log")
    with open(path, "wb") as log:
        started = []
        try:
            started.append(begin(
                ["jackd", "-n", SERVER, "-r", "-m", "-d", "dummy", "-r", str(RATE), "-p",
                 str(PERIOD), "-C", "0", "-P", "0"], dict(work.env, **env), work.folder, log))
            work.run("jack_wait", "-s", SERVER, "-w", "-t", "30", **env)
            started.append(begin(["jalv", "-x", "-n", "jalv", *controls, case.plugin.uri],
                                 dict(work.env, **env), work.folder, log))
            return play(work, case, ctypes.util.find_library("jack"), SERVER, case.latency, ports,
                        env)
        except HostFailed as why:
            log.flush()
            raise HostFailed("%s\n%s" % (why, read(path)[-2000:])) from why
        finally:
            for process in reversed(started):
                stop(process)


def jalv(work, case):
    with locked():
        out = tried(lambda: played_by_jalv(work, case))
    return work.floats(out)
