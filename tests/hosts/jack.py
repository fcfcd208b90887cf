"""jalv on a JACK server of its own, without a sound card: played to and recorded by way of libjack."""
import array
import ctypes
import ctypes.util
import os
import subprocess
import time

# A whole number of the hops that the denoisers work in, so that it does not matter when one joins.
PERIOD = 960
RATE = 48000
SILENCE = 4 * RATE  # samples; after so many, more or fewer make no difference
BEFORE = [SILENCE]
NO_START_SERVER, SERVER_NAME = 1, 4
IS_INPUT, IS_OUTPUT = 1, 2
CAPTURE_LATENCY = 0
WAIT = 60  # s for something that ought to happen at once
AUDIO = b"32 bit float mono audio"


class HostFailed(Exception):
    pass


def wait_for(what, happened):
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        value = happened()
        if value:
            return value
        time.sleep(0.05)
    raise HostFailed(what + " did not happen")


class LatencyRange(ctypes.Structure):
    _fields_ = [("min", ctypes.c_uint32), ("max", ctypes.c_uint32)]


TEXT = ctypes.CFUNCTYPE(None, ctypes.c_char_p)
QUIET = TEXT(lambda text: None)
PROCESS = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint32, ctypes.c_void_p)


def load(path):
    lib = ctypes.CDLL(path)
    pointer, string, u32 = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint32
    for function, result, arguments in (
            ("client_open", pointer, [string, ctypes.c_int, pointer, string]),
            ("client_close", ctypes.c_int, [pointer]),
            ("activate", ctypes.c_int, [pointer]),
            ("deactivate", ctypes.c_int, [pointer]),
            ("set_process_callback", ctypes.c_int, [pointer, PROCESS, pointer]),
            ("port_register", pointer, [pointer, string, string, ctypes.c_ulong, ctypes.c_ulong]),
            ("port_get_buffer", pointer, [pointer, u32]),
            ("port_by_name", pointer, [pointer, string]),
            ("port_get_latency_range", None, [pointer, ctypes.c_int, pointer]),
            ("connect", ctypes.c_int, [pointer, string, string]),
            ("set_freewheel", ctypes.c_int, [pointer, ctypes.c_int])):
        f = getattr(lib, "jack_" + function)
        f.restype, f.argtypes = result, arguments
    for function in (lib.jack_set_error_function, lib.jack_set_info_function):
        function.restype, function.argtypes = None, [TEXT]
        function(QUIET) # servers are asked before they answer
    return lib


class Client:
    """A JACK client with one port for each channel."""

    def __init__(self, lib, server, name, channels, flags):
        self.lib, self.name = lib, name
        self.handle = lib.jack_client_open(name.encode(), NO_START_SERVER | SERVER_NAME, None,
                                           server.encode())
        if not self.handle:
            raise HostFailed("no JACK server answers")
        self.names = ["%s:%d" % (name, c) for c in range(channels)]
        self.ports = [lib.jack_port_register(self.handle, b"%d" % c, AUDIO, flags, 0)
                      for c in range(channels)]
        self.callback = PROCESS(self.process)
        lib.jack_set_process_callback(self.handle, self.callback, None)

    def activate(self):
        if self.lib.jack_activate(self.handle) != 0:
            raise HostFailed("JACK does not take %s" % self.name)

    def close(self):
        if self.handle:
            self.lib.jack_deactivate(self.handle)
            self.lib.jack_client_close(self.handle)
        self.handle = None

    def process(self, n, _):
        self.cycle(n, [self.lib.jack_port_get_buffer(p, n) for p in self.ports])
        return 0


class Source(Client):
    """Plays silence, and from when `playing` is set on the sound."""

    def __init__(self, lib, server, sides):
        super().__init__(lib, server, "source", len(sides), IS_OUTPUT)
        self.sides, self.at, self.playing = [s.tobytes() for s in sides], 0, False

    def cycle(self, n, buffers):
        playing = self.playing
        for side, buffer in zip(self.sides, buffers):
            piece = side[4 * self.at:4 * (self.at + n)] if playing else b""
            ctypes.memmove(buffer, piece.ljust(4 * n, b"\0"), 4 * n)
        self.at += n if playing else 0


class Sink(Client):
    """Records `n_frames` from the block on that the source began with; each block runs after the
    source's."""

    def __init__(self, lib, server, channels, source, n_frames):
        super().__init__(lib, server, "sink", channels, IS_INPUT)
        self.source, self.n_frames, self.pieces = source, n_frames, [[] for _ in range(channels)]
        self.n, self.gap, self.heard = 0, False, 0

    def cycle(self, n, buffers):
        self.heard += n
        if self.source.at == 0 or self.n >= self.n_frames:
            return
        for pieces, buffer in zip(self.pieces, buffers):
            pieces.append(ctypes.string_at(buffer, 4 * n))
        self.n += n
        self.gap = self.gap or self.n != self.source.at

    def samples(self):
        sides = [array.array("f", b"".join(pieces)) for pieces in self.pieces]
        out = array.array("f", bytes(4 * len(sides) * self.n_frames))
        for c, side in enumerate(sides):
            out[c::len(sides)] = side[:self.n_frames]
        return out


def play(lib, server, case, ports, latency_told):
    """Plays a case through the ports (inputs, outputs) and gives what comes, with the server in
    freewheel mode: no block is late, however busy the machine is."""
    n = len(case.sides[0])
    source = Source(lib, server, case.sides)
    sink = Sink(lib, server, case.channels, source, n)
    try:
        for client in (source, sink):
            client.activate()
        inputs, outputs = ports
        for port in inputs + outputs:
            wait_for("port " + port, lambda p=port: lib.jack_port_by_name(sink.handle, p.encode()))
        for a, b in list(zip(source.names, inputs)) + list(zip(outputs, sink.names)):
            wait_for("the connection of %s with %s" % (a, b), # only once both are active
                     lambda x=a, y=b: lib.jack_connect(source.handle, x.encode(), y.encode()) == 0)
        lib.jack_set_freewheel(source.handle, 1)
        first = sink.heard
        wait_for("silence", lambda: sink.heard > first + SILENCE)
        if latency_told:
            wait_for("the latency of %d" % case.latency,
                     lambda: told_latency(lib, sink, inputs + outputs) == case.latency)
        source.playing = True
        wait_for("the end of the recording", lambda: sink.n >= n)
        lib.jack_set_freewheel(source.handle, 0)
        if sink.gap:
            raise HostFailed("JACK left out some of the recording")
        return sink.samples()
    finally:
        sink.close()
        source.close()


def told_latency(lib, client, ports):
    """Of any port: jalv 1.6.6 tells its latency at the input, where it belongs to the output."""
    told = LatencyRange()
    largest = 0
    for port in ports:
        found = lib.jack_port_by_name(client.handle, port.encode())
        lib.jack_port_get_latency_range(found, CAPTURE_LATENCY, ctypes.byref(told))
        largest = max(largest, told.max)
    return largest


def stop(process):
    process.stdin.close()
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def begin(work, log, *command, **more):
    """Starts a program that goes on beside us. Its input stays open: jalv ends where that does."""
    return subprocess.Popen(command, env=dict(work.env, **more), cwd=work.folder,
                            stdin=subprocess.PIPE, stdout=log, stderr=log)


def jalv(work, case):
    path = ctypes.util.find_library("jack")
    if not path:
        raise HostFailed("there is no libjack")
    lib = load(path)
    server = "sordino-%d-%d" % (os.getpid(), work.count)
    names = {"JACK_DEFAULT_SERVER": server, "JACK_NO_AUDIO_RESERVATION": "1",
             "JACK_NO_START_SERVER": "1"}
    path = work.path("jalv.log")
    controls = [word for s, v in case.settings.items() for word in ("-c", "%s=%.9g" % (s, v))]
    ports = [["jalv-%d:%s" % (os.getpid(), symbol) for _, symbol, _ in case.plugin.ports
              if symbol.startswith(side)] for side in ("in", "out")]
    ports = [names[:case.channels] for names in ports]
    with open(path, "wb") as log:
        jackd = begin(work, log, "jackd", "-n", server, "-r", "-m", "-d", "dummy", "-r", str(RATE),
                      "-p", str(PERIOD), "-C", "0", "-P", "0", **names)
        host = None
        try:
            wait_for("JACK's start", lambda: probe(lib, server))
            host = begin(work, log, "jalv", "-x", "-n", "jalv-%d" % os.getpid(), *controls,
                         case.plugin.uri, **names)
            return play(lib, server, case, ports, True)
        except HostFailed as why:
            log.flush()
            with open(path, encoding="utf-8", errors="replace") as said:
                raise HostFailed("%s\n%s" % (why, said.read()[-2000:])) from why
        finally:
            if host:
                stop(host)
            stop(jackd)


def probe(lib, server):
    client = lib.jack_client_open(b"probe", NO_START_SERVER | SERVER_NAME, None, server.encode())
    if client:
        lib.jack_client_close(client)
    return bool(client)
