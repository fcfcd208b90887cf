"""Ardour without its editor: a session made by Lua, the recording put into it, the export of it."""
import os
import shutil
import xml.etree.ElementTree as tree

RATE = 48000
# Samples of silence before the recording, and those that it plays from its start on, in blocks of its
# own: only their rest by the hop of the denoisers (480 samples or a part of it) makes a difference.
SILENCE = 4 * RATE
BEFORE = range(SILENCE, SILENCE + 480, 16)
TICKS = 282240000 // RATE  # Ardour's superclock, in samples

MAKE = """
assert(create_session("%(folder)s", "hosts", %(rate)d))
local tracks = Session:new_audio_track(%(channels)d, %(channels)d, nil, 1, "noisy",
    ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true)
for track in tracks:iter() do
    local processor = ARDOUR.LuaAPI.new_plugin(Session, "%(uri)s", ARDOUR.PluginType.LV2, "")
    assert(not processor:isnil(), "Ardour does not find the plugin")
    assert(track:add_processor_by_index(processor, 0, nil, true) == 0)
    local plugin = processor:to_insert():plugin(0)
    local values = {%(values)s}
    local n = 0
    for i = 0, plugin:parameter_count() - 1 do
        local value = values[plugin:parameter_label(i)]
        if value and plugin:parameter_is_input(i) then
            assert(ARDOUR.LuaAPI.set_processor_param(processor, n, value))
        end
        if plugin:parameter_is_control(i) and plugin:parameter_is_input(i) then n = n + 1 end
    end
end
assert(Session:save_state("", false, false, false, false, false) == 0)
close_session()
"""


def put_recording(path, frames, channels):
    """What the editor's import does: sources, a region of them without fades, the session's range."""
    session = tree.parse(path)
    root = session.getroot()
    length, begin = frames * TICKS, SILENCE * TICKS
    for name in ("use-region-fades", "use-transport-fades"):
        root.find("Config/Option[@name='%s']" % name).set("value", "0")
    region = {"name": "noisy", "id": "900100", "type": "audio", "muted": "0", "opaque": "1",
              "locked": "0", "automatic": "0", "whole-file": "0", "import": "0", "external": "0",
              "sync-marked": "0", "position-locked": "0", "start": "a0", "length": "a%d@a%d" % (length, begin),
              "sync-position": "a0", "ancestral-start": "a0", "ancestral-length": "a0@a0",
              "stretch": "1", "shift": "1", "first-edit": "nothing", "layering-index": "0",
              "envelope-active": "0", "default-fade-in": "0", "default-fade-out": "0",
              "fade-in-active": "0", "fade-out-active": "0", "scale-amplitude": "1",
              "channels": str(channels)}
    for c in range(channels):
        tree.SubElement(root.find("Sources"), "Source", {
            "name": "noisy.wav", "take-id": "", "type": "audio", "flags": "", "id": str(900000 + c),
            "natural-position": "a0", "channel": str(c), "origin": "", "gain": "1"})
        region["source-%d" % c] = region["master-source-%d" % c] = str(900000 + c)
    tree.SubElement(root.find("Playlists/Playlist"), "Region", region)
    tree.SubElement(root.find("Locations"), "Location", {
        "id": "900200", "name": "session", "start": "a0", "end": "a%d" % (begin + length),
        "flags": "IsSessionRange", "locked": "0", "timestamp": "0", "cue": "0"})
    for shell in root.iter("PannerShell"):
        shell.set("bypassed", "1")
    session.write(path, encoding="UTF-8", xml_declaration=True)


def ardour(work, case):
    """Its export takes the latency away."""
    folder, script, out = (work.path(n) for n in ("session", "make.lua", "ardour.wav"))
    labels = case.plugin.names
    values = ", ".join('["%s"] = %.9g' % (labels[s], v) for s, v in case.settings.items())
    with open(script, "w", encoding="utf-8") as file:
        file.write(MAKE % {"folder": folder, "rate": RATE, "channels": case.channels,
                           "uri": case.plugin.uri, "values": values})
    said = work.run("ardour7-lua", script)
    session = os.path.join(folder, "hosts.ardour")
    if not os.path.exists(session):
        raise OSError("ardour7-lua made no session:\n" + said[-2000:])
    shutil.copy(case.wav, os.path.join(folder, "interchange", os.path.basename(folder), "audiofiles",
                                       "noisy.wav"))
    put_recording(session, len(case.sides[0]), case.channels)
    said = work.run("ardour7-export", "-b", "float", "-o", out, folder, "hosts")
    if not os.path.exists(out):
        raise OSError("ardour7-export wrote nothing:\n" + said[-2000:])
    return out
