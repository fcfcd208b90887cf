"""PipeWire's filter-chain on a daemon of its own, without D-Bus, session manager or sound card.

It is played to and recorded by play.c, by way of PipeWire's own libjack. All nodes follow its driver
that works without a clock, so that a block is late only after 160 ms. Then PipeWire leaves nodes out
and tells nobody: a channel that is only passed on beside the plugin is the witness, and all is played
once more.
"""
import glob
import os
import re

import jack
from processes import HostFailed, begin, kill, wait_for

LIBRARY = "/usr/lib/*/pipewire-0.3/jack/libjack.so.0"
PROGRAMS = ["pipewire", "pw-cli"]
GROUP = "pipewire.freewheel"
# Samples. The driver does not wait for a block for longer than the block lasts; this is the longest
# that is a whole number of hops.
PERIOD = 7680

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
        filter.graph = {
            nodes = [
                { type = lv2 name = denoiser plugin = "%(uri)s" control = { %(controls)s } }
                { type = builtin name = witness label = mixer }
            ]
            inputs = [ %(inputs)s "witness:In 1" ]
            outputs = [ %(outputs)s "witness:Out" ]
        }
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

# The programs that talk to it are told nothing by the machine's configuration either.
CLIENT = """
context.properties = { support.dbus = false mem.allow-mlock = false }
context.spa-libs = { support.* = support/libspa-support }
context.modules = [
    { name = libpipewire-module-protocol-native }
    { name = libpipewire-module-client-node }
    { name = libpipewire-module-adapter }
    { name = libpipewire-module-metadata }
]
"""

# What a session manager does: ports for each channel, of floats.
PORTS = ("{ direction: %s, mode: dsp, format: { mediaType: audio, mediaSubtype: raw, format: F32P,"
         " rate: %d, channels: %d, position: [ %s ] } }")


def node(work, daemon, name, env):
    """The number of a node, or None where there is no such node, or no answer, yet."""
    if daemon.poll() is not None:
        raise HostFailed("PipeWire ended with %d" % daemon.returncode)
    try:
        nodes = work.run("pw-cli", "ls", "Node", **env)
    except HostFailed:
        return None
    found = re.search(r"\bid (\d+), type [^\n]*Node(?:(?!\bid \d+, type).)*?node.name = \"%s\"" % name,
                      nodes, re.S)
    return found and found[1]


def ports(case, side):
    """The plugin's ports for sound, as the graph names them."""
    names = [symbol for _, symbol, _ in case.plugin.ports if symbol.startswith(side)]
    return " ".join('"denoiser:%s"' % name for name in names[:case.channels])


def configure(folder, case, places):
    """Writes the daemon's configuration and its clients'. The last place is the witness's."""
    common = "node.autoconnect = false stream.dont-remix = true node.group = " + GROUP
    files = {
        "client.conf": CLIENT,
        "jack.conf": CLIENT,
        "sordino.conf": CONFIGURATION % {
            "rate": jack.RATE, "period": PERIOD, "uri": case.plugin.uri,
            "channels": len(places), "places": " ".join(places), "group": GROUP,
            "inputs": ports(case, "in"), "outputs": ports(case, "out"),
            "controls": " ".join('"%s" = %.9g' % pair for pair in case.settings.items()),
            "common": common}}
    for name, text in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


def set_ports(work, daemon, places, env):
    for name, direction in (("sordino_in", "Input"), ("sordino_out", "Output")):
        number = wait_for("node " + name, lambda n=name: node(work, daemon, n, env))
        work.run("pw-cli", "set-param", number, "PortConfig",
                 PORTS % (direction, jack.RATE, len(places), " ".join(places)), **env)


def played(work, case):
    places = ["FL", "FR", "FC"][:case.channels + 1]
    folder, path = work.path("pipewire"), work.path("pipewire.log")
    os.mkdir(folder, 0o700)
    configure(folder, case, places)
    env = {"XDG_RUNTIME_DIR": folder, "PIPEWIRE_CONFIG_DIR": folder,
           "PIPEWIRE_LATENCY": "%d/%d" % (PERIOD, jack.RATE),
           "PIPEWIRE_PROPS": "{ node.group = %s }" % GROUP}
    with open(path, "wb") as log:
        daemon = begin(["pipewire", "-c", os.path.join(folder, "sordino.conf")],
                       dict(work.env, **env), work.folder, log)
        try:
            set_ports(work, daemon, places, env)
            return jack.play(work, case, glob.glob(LIBRARY)[0], "pipewire-0", 0,
                             [["sordino_in:playback_" + p for p in places],
                              ["sordino_out:capture_" + p for p in places]], env)
        except HostFailed as why:
            log.flush()
            raise HostFailed("%s\n%s" % (why, jack.read(path)[-2000:])) from why
        finally:
            kill(daemon)


def pipewire(work, case):
    return work.floats(jack.tried(lambda: played(work, case)))
