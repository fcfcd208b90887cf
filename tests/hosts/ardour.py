"""Ardour without its editor: a session made by Lua, the recording put into it, the export of it."""
import os
import shutil
import xml.etree.ElementTree as tree

from processes import HostFailed

RATE = 48000
# Samples of silence before the recording, and those that it plays from its start on, in blocks of its
# own: only their rest by the hop of the denoisers (480 samples or a part of it) makes a difference.
SILENCE = 4 * RATE
BEFORE = range(SILENCE, SILENCE + 480, 16)
LIMIT = 40  # s of one program, which takes 2
HEADER = 1024  # bytes, no less than those of a WAV file
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
io.open("%(done)s", "w"):close()
close_session()
"""

# Not ardour7-export: it begins as soon as the session is open, while the session's threads have work
# left over; now and then the two then wait for each other for ever (seen by gdb: the main thread in
# Butler::wait_until_finished, the butler in butler_transport_work, no thread in a plugin), or it
# aborts.
EXPORT = """
assert(load_session("%(folder)s", "hosts"))
ARDOUR.LuaAPI.usleep(%(settle)d)
local export = Session:simple_export()
assert(export:set_preset("%(preset)s"))
export:set_name("ardour")
export:set_folder("%(out)s")
export:set_range(0, %(length)d)
assert(export:run_export())
io.open("%(done)s", "w"):close()
close_session()
"""
SETTLE = 1000000  # us
PRESET, FORMAT = "6a3c6d52-54a1-4d0b-9a52-0d64d5b8a001", "6a3c6d52-54a1-4d0b-9a52-0d64d5b8a002"
EXPORTED = {
    "hosts.preset": """<?xml version="1.0" encoding="UTF-8"?>
<ExportPreset id="%s" name="hosts">
  <ExportFormat id="%s"/>
  <ExportFilename>
    <Folder relative="0" path="/"/>
    <Field name="label" enabled="0"/>
    <Field name="session" enabled="0"/>
    <Field name="snapshot" enabled="0"/>
    <Field name="timespan" enabled="1"/>
    <Field name="revision" enabled="0"/>
    <Field name="time" enabled="0" value="T_None"/>
    <Field name="date" enabled="0" value="D_None"/>
  </ExportFilename>
</ExportPreset>
""" % (PRESET, FORMAT),
    "hosts.format": """<?xml version="1.0" encoding="UTF-8"?>
<ExportFormatSpecification name="hosts" id="%s">
  <Encoding id="F_WAV" type="T_Sndfile" extension="wav" name="WAV" has-sample-format="true" channel-limit="256"/>
  <SampleRate rate="%d"/>
  <SRCQuality quality="SRC_SincBest"/>
  <EncodingOptions>
    <Option name="sample-format" value="SF_Float"/>
    <Option name="dithering" value="D_None"/>
    <Option name="tag-metadata" value="false"/>
    <Option name="tag-support" value="false"/>
    <Option name="broadcast-info" value="false"/>
  </EncodingOptions>
  <Processing>
    <Normalize enabled="false" target="0"/>
    <Silence>
      <Start><Trim enabled="false"/><Add enabled="false">
        <Duration format="Timecode" hours="0" minutes="0" seconds="0" frames="0"/></Add></Start>
      <End><Trim enabled="false"/><Add enabled="false">
        <Duration format="Timecode" hours="0" minutes="0" seconds="0" frames="0"/></Add></End>
    </Silence>
  </Processing>
</ExportFormatSpecification>
""" % (FORMAT, RATE)}


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


def environment(work):
    """A configuration of its own, and memory as it comes: Ardour 7.3.0 reads some that it has not
    written, and does not live through what Meson has the allocator fill it with."""
    home = work.path("ardour-home")
    env = {"MALLOC_PERTURB_": None, "HOME": home}
    env.update((name, os.path.join(home, name)) for name in (
        "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"))
    return env


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def run(work, name, script, values, env):
    """What it said. Now and then Ardour does not end well when it closes a session, with a plugin in
    it or without (glibc: corrupted size, double free); by then its work is done."""
    path, done = work.path(name + ".lua"), work.path(name + ".done")
    write(path, script % dict(values, done=done))
    try:
        said = work.run("ardour7-lua", path, limit=LIMIT, **env)
    except HostFailed as why:
        said = str(why)
        if not os.path.exists(done):
            raise
    if not os.path.exists(done):
        raise HostFailed("Ardour's script to %s came to no end:\n%s" % (name, said[-2000:]))


def exported(work, case):
    folder, out, env = work.path("session"), work.path("exported"), environment(work)
    presets = os.path.join(env["XDG_CONFIG_HOME"], "ardour7", "export")
    for path in (out, presets):
        os.makedirs(path)
    for name, text in EXPORTED.items():
        write(os.path.join(presets, name), text)
    labels = case.plugin.names
    run(work, "make", MAKE, {
        "folder": folder, "rate": RATE, "channels": case.channels, "uri": case.plugin.uri,
        "values": ", ".join('["%s"] = %.9g' % (labels[s], v) for s, v in case.settings.items())},
        env)
    shutil.copy(case.wav, os.path.join(folder, "interchange", os.path.basename(folder), "audiofiles",
                                       "noisy.wav"))
    put_recording(os.path.join(folder, "hosts.ardour"), len(case.sides[0]), case.channels)
    run(work, "export", EXPORT, {"folder": folder, "preset": PRESET, "out": out, "settle": SETTLE,
                                 "length": SILENCE + len(case.sides[0])}, env)
    files = os.listdir(out)
    if len(files) != 1:
        raise HostFailed("Ardour exported %d files" % len(files))
    path = os.path.join(out, files[0])
    with open(path, "rb") as file:
        if not any(file.read()[HEADER:]):
            raise HostFailed("Ardour exported silence")
    return path


def ardour(work, case):
    """The file of a case; the latency is taken away. One at a time."""
    with work.ardours:
        return exported(work, case)
