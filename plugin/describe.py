"""The one description of the plugins: ports, presets and words. Writes all that is made from it.

    describe.py VERSION BINARY PORTS.h MANIFEST.ttl PLUGINS.ttl PRESETS.ttl

Ports are numbered in the order of AUDIO (those of each plugin) and then CONTROLS.
"""
import sys

# docs/releasing.md names the other files that have these.
MAINTAINER = "Sordino maintainers"
MAILBOX = "maintainers@sordino.invalid"
HOMEPAGE = "https://sordino.invalid/"

PLUGINS = [
    ("mono", "Sordino Mono", [("in", "Input", None), ("out", "Output", None)]),
    ("stereo", "Sordino Stereo", [
        ("in_l", "Left Input", "left"), ("in_r", "Right Input", "right"),
        ("out_l", "Left Output", "left"), ("out_r", "Right Output", "right"),
    ]),
]

ABOUT = """\
Takes noise away from speech, music and field recordings as they play: hiss, hum, fans, traffic, \
rooms. A neural network or a Wiener filter estimates what is wanted; Limit says how much may be \
taken away at most, Mix blends with the original, and Listen plays what is taken away. Bypass and \
every switch are free of clicks and keep the delay, which only Delay sets. The network's model is \
a file that can be changed while audio runs."""
ABOUT_OF = {
    "mono": ABOUT,
    "stereo": ABOUT + " Both channels share one gain, so that the image stays where it is.",
}

# GStreamer takes every port of a group for an audio port, and a control with but one scale point for
# a choice of one. So only audio ports have groups, and scale points name all values or none.

FREE_WHEELING = "lv2:freeWheeling"


def toggle(symbol, name, default, comment, **more):
    return dict(symbol=symbol, name=name, low=0, high=1, default=default,
                comment=comment, properties=["lv2:toggled", "lv2:integer"], **more)


def choice(symbol, name, default, comment, points, **more):
    return dict(symbol=symbol, name=name, low=0, high=len(points) - 1, default=default,
                comment=comment, properties=["lv2:integer", "lv2:enumeration"], points=points, **more)


def level(symbol, name, high, comment):
    return dict(symbol=symbol, name=name, low=-120, high=high, default=-120,
                comment=comment, unit="units:db", output=True)


CONTROLS = [
    toggle("enabled", "Enabled", 1,
           "Off plays the input, delayed as the output would be, sample for sample",
           designation="lv2:enabled"),
    choice("method", "Method", 0,
           "How the wanted signal is estimated; without a model that fits, the Wiener filter runs",
           [("network", "Network"), ("wiener", "Wiener Filter")]),
    dict(symbol="limit", name="Limit", low=-120, high=0, default=-20,
         unit="units:db",
         comment="The most that is ever taken away, at any frequency; -120 dB is no limit, 0 dB takes "
                 "nothing away"),
    dict(symbol="mix", name="Mix", low=0, high=1, default=1, unit="units:coef",
         comment="From the delayed input (0) to the denoised signal (1)"),
    choice("listen", "Listen", 0,
           "Plays the output, or what is taken away: both together are the delayed input",
           [("output", "Output"), ("removed", "Removed Noise")]),
    toggle("learn", "Learn Noise", 0,
           "While on, the input is taken as noise alone; switched off, the Wiener filter uses what "
           "it heard, and the session keeps it"),
    toggle("profile", "Use Learned Noise", 1,
           "Off lets the Wiener filter follow the noise by itself; what was learned is kept"),
    choice("delay", "Delay", 1,
           "The whole delay of the plugin, and so what may run in it: a model that needs more than "
           "this gives way to the Wiener filter; changing it changes the reported latency",
           [("low", "Low, 10 ms"), ("normal", "Normal, 20 ms"), ("high", "High, 64 ms")],
           extra=["pprops:expensive"]),
    toggle("freewheel", "Free Wheeling", 0,
           "Set by the host when it works faster or slower than time, as in an export: a model is "
           "then loaded at once", designation=FREE_WHEELING, extra=["pprops:notOnGUI"]),
    dict(symbol="latency", name="Latency", low=0, high=24576, default=0,
         unit="units:frame", designation="lv2:latency", output=True,
         comment="Samples from input to output",
         properties=["lv2:integer", "lv2:reportsLatency"]),
    level("input_level", "Input Level", 20, "Root mean square of the input over 50 ms, all channels"),
    level("output_level", "Output Level", 20, "The same of the denoised signal"),
    dict(symbol="reduction", name="Reduction", low=0, high=120, default=0,
         unit="units:db", output=True, comment="How far the denoised signal lies below the input"),
    choice("running", "Running", 0, "What makes the output at the moment",
           [("network", "Network"), ("wiener", "Wiener Filter"), ("nothing", "Nothing: Passed Through")],
           output=True),
]

# Symbol and name of the ports that carry messages: for the model and for what is told of it.
MESSAGES = [("control", "Control", False), ("notify", "Notify", True)]
MESSAGE_BYTES = 8192

# What messages set and get; plugin/uris.h has the names.
PARAMETERS = [
    ("model", "Model", "Path",
     "The file of the network's model (.safetensors); an empty path is the model of the plugin"),
    ("report", "Report", "String", "What became of the model that was last asked for"),
]

# Values left out are the defaults.
PRESETS = [
    ("voice-call", "Voice Call", "One voice, as little noise as can be",
     {"method": 0, "limit": -30, "delay": 1}),
    ("podcast", "Podcast", "A voice in a room that may still be heard a little",
     {"method": 0, "limit": -18, "delay": 1}),
    ("music-restoration", "Music Restoration",
     "Steady hiss and hum go, music stays: learn the noise where nothing plays",
     {"method": 1, "limit": -14, "delay": 2}),
    ("field-recording", "Field Recording", "A lower floor of noise, the place still in it",
     {"method": 1, "limit": -10, "mix": 0.9, "delay": 2}),
    ("low-latency", "Low Latency", "10 ms from input to output, for monitoring and calls",
     {"method": 0, "limit": -18, "delay": 0}),
]

PREFIXES = """\
@prefix atom: <http://lv2plug.in/ns/ext/atom#> .
@prefix doap: <http://usefulinc.com/ns/doap#> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix log: <http://lv2plug.in/ns/ext/log#> .
@prefix lv2: <http://lv2plug.in/ns/lv2core#> .
@prefix patch: <http://lv2plug.in/ns/ext/patch#> .
@prefix pg: <http://lv2plug.in/ns/ext/port-groups#> .
@prefix pprops: <http://lv2plug.in/ns/ext/port-props#> .
@prefix pset: <http://lv2plug.in/ns/ext/presets#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix rsz: <http://lv2plug.in/ns/ext/resize-port#> .
@prefix state: <http://lv2plug.in/ns/ext/state#> .
@prefix units: <http://lv2plug.in/ns/extensions/units#> .
@prefix urid: <http://lv2plug.in/ns/ext/urid#> .
@prefix work: <http://lv2plug.in/ns/ext/worker#> .

"""


def points_of(port):
    """(symbol, label, value) of each scale point."""
    return [p if len(p) == 3 else (*p, i) for i, p in enumerate(port.get("points", []))]


# ---- ports.h

def header():
    lines = ["/* Made by plugin/describe.py. */", "#ifndef PLUGIN_PORTS_H", "#define PLUGIN_PORTS_H",
             "", "/* A control's number among the controls; its port is that plus the audio ports. */",
             "enum port {"]
    lines += ["    PORT_%s," % p["symbol"].upper() for p in CONTROLS]
    lines += ["    N_CONTROLS,"]
    lines += ["    PORT_%s%s," % (symbol.upper(), " = N_CONTROLS" if i == 0 else "")
              for i, (symbol, _, _) in enumerate(MESSAGES)]
    lines += ["    N_PORTS", "};", ""]
    for port in CONTROLS:
        if "lv2:enumeration" in port.get("properties", []):
            names = ["%s_%s" % (port["symbol"].upper(), s.upper()) for s, _, _ in points_of(port)]
            names.append("N_" + port["symbol"].upper())
            lines += ["enum port_%s { %s };" % (port["symbol"], ", ".join(names))]
    lines += ["", "/* The smallest, largest and first value of each control; and its symbol. */",
              "#define PORT_RANGES \\"]
    rows = ["    {%sf, %sf, %sf}" % tuple("%.1f" % port[k] for k in ("low", "high", "default"))
            for port in CONTROLS]
    lines += [", \\\n".join(rows), "", "#define PORT_SYMBOLS \\"]
    lines += [", \\\n".join('    "%s"' % port["symbol"] for port in CONTROLS), "", "#endif"]
    return "\n".join(lines) + "\n"


# ---- Turtle

def quoted(text):
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')


def number(x):
    return "%.1f" % x if x != int(x) or isinstance(x, float) else str(x)


def statement(subject, pairs, indent=""):
    inner = indent + "    "
    body = (" ;\n" + inner).join("%s %s" % pair for pair in pairs)
    return "%s\n%s%s" % (subject, inner, body)


def blank(pairs, indent):
    inner = indent + "    "
    return "[\n%s%s\n%s]" % (inner, (" ;\n" + inner).join("%s %s" % p for p in pairs), indent)


def audio_port(plugin, index, port):
    symbol, name, side = port
    is_input = symbol.startswith("in")
    pairs = [("a", "lv2:AudioPort , " + ("lv2:InputPort" if is_input else "lv2:OutputPort")),
             ("lv2:index", index), ("lv2:symbol", quoted(symbol)), ("lv2:name", quoted(name)),
             ("pg:group", "<urn:sordino:%s#%s>" % (plugin, "input" if is_input else "output")),
             ("lv2:designation", "pg:" + (side or "center"))]
    return pairs


def control_port(index, port):
    output = port.get("output", False)
    pairs = [("a", "lv2:ControlPort , " + ("lv2:OutputPort" if output else "lv2:InputPort")),
             ("lv2:index", index), ("lv2:symbol", quoted(port["symbol"])),
             ("lv2:name", quoted(port["name"])), ("rdfs:comment", quoted(port["comment"])),
             ("lv2:default", number(port["default"])), ("lv2:minimum", number(port["low"])),
             ("lv2:maximum", number(port["high"]))]
    if "designation" in port:
        pairs.append(("lv2:designation", port["designation"]))
    properties = port.get("properties", []) + port.get("extra", [])
    if properties:
        pairs.append(("lv2:portProperty", " , ".join(properties)))
    if "unit" in port:
        pairs.append(("units:unit", port["unit"]))
    for _, label, value in points_of(port):
        pairs.append(("lv2:scalePoint", "[ rdfs:label %s ; rdf:value %s ]" % (quoted(label), value)))
    return pairs


def message_port(index, symbol, name, output):
    pairs = [("a", "atom:AtomPort , " + ("lv2:OutputPort" if output else "lv2:InputPort")),
             ("lv2:index", index), ("lv2:symbol", quoted(symbol)), ("lv2:name", quoted(name)),
             ("atom:bufferType", "atom:Sequence"), ("atom:supports", "patch:Message"),
             ("lv2:portProperty", "lv2:connectionOptional"), ("rsz:minimumSize", MESSAGE_BYTES)]
    if not output:
        pairs.append(("lv2:designation", "lv2:control"))
    return pairs


def ports_of(plugin, audio):
    ports = [audio_port(plugin, i, port) for i, port in enumerate(audio)]
    ports += [control_port(len(audio) + i, port) for i, port in enumerate(CONTROLS)]
    ports += [message_port(len(audio) + len(CONTROLS) + i, *port)
              for i, port in enumerate(MESSAGES)]
    return " ,\n    ".join(blank(pairs, "    ") for pairs in ports)


def lv2_version(version):
    """Minor and micro as LV2 counts them: an odd one is of no release."""
    return [2 * int(number) for number in version.split(".")[1:3]]


def plugin_text(version, plugin, name, audio):
    minor, micro = lv2_version(version)
    uri = "urn:sordino:" + plugin
    kind = "pg:MonoGroup" if len(audio) == 2 else "pg:StereoGroup"
    text = "".join(
        statement("<%s#%s>" % (uri, side), [
            ("a", "%s , pg:%sGroup" % (kind, side.capitalize())),
            ("lv2:name", quoted(side.capitalize())), ("lv2:symbol", quoted("audio_" + side)),
        ]) + " .\n\n" for side in ("input", "output"))
    return text + statement("<%s>" % uri, [
        ("a", "lv2:Plugin , lv2:SpectralPlugin"),
        ("doap:name", quoted(name)),
        ("doap:license", "<http://opensource.org/licenses/isc>"),
        ("rdfs:comment", quoted(ABOUT_OF[plugin])),
        ("lv2:project", "<urn:sordino>"),
        ("lv2:minorVersion", minor), ("lv2:microVersion", micro),
        ("lv2:optionalFeature", "lv2:hardRTCapable , log:log , urid:map , work:schedule"),
        ("lv2:extensionData", "state:interface , work:interface"),
        ("patch:writable", "<urn:sordino:model>"), ("patch:readable", "<urn:sordino:report>"),
        ("pg:mainInput", "<%s#input>" % uri), ("pg:mainOutput", "<%s#output>" % uri),
        ("lv2:port", ports_of(plugin, audio)),
    ]) + " .\n"


def plugins_text(version):
    text = PREFIXES + statement("<urn:sordino>", [
        ("a", "doap:Project"), ("doap:name", quoted("Sordino")),
        ("doap:shortdesc", quoted("A denoiser safe for real time")),
        ("doap:license", "<http://opensource.org/licenses/isc>"),
        ("doap:homepage", "<%s>" % HOMEPAGE),
        ("doap:maintainer", blank([
            ("a", "foaf:Person"), ("foaf:name", quoted(MAINTAINER)),
            ("foaf:mbox", "<mailto:%s>" % MAILBOX), ("foaf:homepage", "<%s>" % HOMEPAGE),
        ], "    ")),
    ]) + " .\n\n"
    for symbol, name, kind, comment in PARAMETERS:
        text += statement("<urn:sordino:%s>" % symbol, [
            ("a", "lv2:Parameter"), ("rdfs:label", quoted(name)), ("rdfs:comment", quoted(comment)),
            ("rdfs:range", "atom:" + kind),
        ]) + " .\n\n"
    return text + "\n".join(plugin_text(version, *plugin) for plugin in PLUGINS)


def presets_text():
    text = PREFIXES
    inputs = [p for p in CONTROLS if not p.get("output") and p.get("designation") != FREE_WHEELING]
    for plugin, _, _ in PLUGINS:
        for symbol, name, comment, values in PRESETS:
            ports = ["[ lv2:symbol %s ; pset:value %s ]" % (
                quoted(p["symbol"]), number(float(values.get(p["symbol"], p["default"]))))
                for p in inputs if p["symbol"] != "enabled" and p["symbol"] != "learn"]
            text += statement("<urn:sordino:%s:preset:%s>" % (plugin, symbol), [
                ("a", "pset:Preset"), ("lv2:appliesTo", "<urn:sordino:%s>" % plugin),
                ("rdfs:label", quoted(name)), ("rdfs:comment", quoted(comment)),
                ("lv2:port", " ,\n        ".join(ports)),
            ]) + " .\n\n"
    return text


def manifest_text(binary):
    text = PREFIXES
    for plugin, _, _ in PLUGINS:
        text += statement("<urn:sordino:%s>" % plugin, [
            ("a", "lv2:Plugin"), ("lv2:binary", "<%s>" % binary),
            ("rdfs:seeAlso", "<sordino.ttl>"),
        ]) + " .\n\n"
    for plugin, _, _ in PLUGINS:
        for symbol, name, _, _ in PRESETS:
            text += statement("<urn:sordino:%s:preset:%s>" % (plugin, symbol), [
                ("a", "pset:Preset"), ("lv2:appliesTo", "<urn:sordino:%s>" % plugin),
                ("rdfs:label", quoted(name)), ("rdfs:seeAlso", "<presets.ttl>"),
            ]) + " .\n\n"
    return text


def main(version, binary, ports, manifest, plugins, presets):
    for path, text in ((ports, header()), (manifest, manifest_text(binary)),
                       (plugins, plugins_text(version)), (presets, presets_text())):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
