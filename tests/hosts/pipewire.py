"""PipeWire's filter-chain on a daemon of its own, without D-Bus, session manager or sound card.

It is played to and recorded by way of PipeWire's own libjack. All nodes follow its driver that works
without a clock, so that no block is late.
"""
import array
import glob
import os
import re

import jack

LIBRARY = "/usr/lib/*/pipewire-0.3/jack/libjack.so.0"
PROGRAMS = ["pipewire", "pw-cli"]
BEFORE = jack.BEFORE
GROUP = "pipewire.freewheel"

CONFIGURATION = """
context.properties = {
    core.daemon = true
    core.name = pipewire-0
    support.dbus = false
    mem.allow-mlock = false
    clock.power-of-two-quantum = false
    default.clock.rate = %(rate)d
    default.clock.allowed-rates = [ %(rate)d ]
    default.clock.quantum = %(period)d
    default.clock.min-quantum = %(period)d
    default.clock.max-quantum = %(period)d
}
context.spa-libs = {
    audio.convert.* = audioconvert/libspa-audioconvert
    support.* = support/libspa-support
}
context.modules = [
    { name = libpipewire-module-protocol-native }
    { name = libpipewire-module-metadata }
    { name = libpipewire-module-spa-node-factory }
    { name = libpipewire-module-client-node }
    { name = libpipewire-module-access }
    { name = libpipewire-module-adapter }
    { name = libpipewire-module-link-factory }
    { name = libpipewire-module-filter-chain args = {
        filter.graph = { nodes = [ { type = lv2 name = denoiser plugin = "%(uri)s"
            control = { %(controls)s } } ] }
        audio.channels = %(channels)d
        audio.position = [ %(places)s ]
        capture.props = { %(common)s node.name = sordino_in node.description = sordino_in
            media.class = Audio/Sink }
        playback.props = { %(common)s node.name = sordino_out node.description = sordino_out
            media.class = Audio/Source }
    } }
]
context.objects = [
    { factory = spa-node-factory args = { factory.name = support.node.driver
        node.name = Dummy-Driver node.group = pipewire.dummy priority.driver = 20000 } }
    { factory = spa-node-factory args = { factory.name = support.node.driver
        node.name = Freewheel-Driver node.group = %(group)s node.freewheel = true
        priority.driver = 19000 } }
]
"""

# What a session manager does: ports for each channel, of floats.
PORTS = ("{ direction: %s, mode: dsp, format: { mediaType: audio, mediaSubtype: raw, format: F32P,"
         " rate: %d, channels: %d, position: [ %s ] } }")


def node(work, daemon, folder, name):
    """The number of a node, or None where there is no such node, or no answer, yet."""
    if daemon.poll() is not None:
        raise jack.HostFailed("PipeWire ended with %d" % daemon.returncode)
    try:
        nodes = work.run("pw-cli", "ls", "Node", XDG_RUNTIME_DIR=folder)
    except jack.HostFailed:
        return None
    found = re.search(r"\bid (\d+), type [^\n]*Node(?:(?!\bid \d+, type).)*?node.name = \"%s\"" % name,
                      nodes, re.S)
    return found and found[1]


def start(work, log, folder, case):
    """The daemon, its socket in `folder`, as soon as it answers; and its ports, in and out."""
    places = ["MONO"] if case.channels == 1 else ["FL", "FR"]
    path = work.path("pipewire.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(CONFIGURATION % {
            "rate": jack.RATE, "period": jack.PERIOD, "uri": case.plugin.uri,
            "channels": case.channels, "places": " ".join(places), "group": GROUP,
            "controls": " ".join('"%s" = %.9g' % pair for pair in case.settings.items()),
            "common": "node.autoconnect = false stream.dont-remix = true node.group = " + GROUP})
    daemon = jack.begin(work, log, "pipewire", "-c", path, XDG_RUNTIME_DIR=folder)
    try:
        for name, direction in (("sordino_in", "Input"), ("sordino_out", "Output")):
            number = jack.wait_for("node " + name, lambda n=name: node(work, daemon, folder, n))
            work.run("pw-cli", "set-param", number, "PortConfig",
                     PORTS % (direction, jack.RATE, case.channels, " ".join(places)),
                     XDG_RUNTIME_DIR=folder)
    except BaseException:
        jack.stop(daemon)
        raise
    return daemon, [["sordino_in:playback_" + p for p in places],
                    ["sordino_out:capture_" + p for p in places]]


def play(work, case, out):
    """Writes what comes of a case to the file `out`."""
    folder, path = work.path("run"), work.path("pipewire.log")
    os.mkdir(folder, 0o700)
    # Its library reads this process's environment.
    os.environ.update(XDG_RUNTIME_DIR=folder,
                      PIPEWIRE_LATENCY="%d/%d" % (jack.PERIOD, jack.RATE),
                      PIPEWIRE_PROPS="{ node.group = %s }" % GROUP)
    lib = jack.load(glob.glob(LIBRARY)[0])
    with open(path, "wb") as log:
        daemon, ports = start(work, log, folder, case)
        try:
            samples = jack.play(lib, "pipewire-0", case, ports, False)
        finally:
            jack.stop(daemon)
    with open(out, "wb") as file:
        file.write(samples.tobytes())


def pipewire(work, case):
    """In a process of its own: now and then PipeWire's libjack, not the daemon with the plugin in
    it, ends its process when a client is closed, or a block is left out while links are made; then
    once more. What is played whole must be equal."""
    for _ in range(5):
        out = work.path("pipewire.f32")
        child = os.fork()
        if child == 0:
            try:
                play(work, case, out)
                os._exit(0)
            except (jack.HostFailed, OSError) as why:
                print(why, flush=True)
            os._exit(1)
        status = os.waitpid(child, 0)[1]
        if status == 0:
            break
    if status != 0:
        raise jack.HostFailed("it could not be played to (status %d)" % status)
    with open(out, "rb") as file:
        return array.array("f", file.read())
