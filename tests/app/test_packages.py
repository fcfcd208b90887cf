"""The Debian packages as a user has them: built, looked at, installed, used and removed.

    test_packages.py SOURCE [--twice]

Builds them by `./bootstrap packages` from a copy of the tree; without optimisation, which is quick, so
that speed is not looked at. They are installed into a copy of this machine that is gone at the end.
With --twice, which is for releases, they are built as released, twice and in different folders, and
the two must be the same bit for bit.
"""
import filecmp
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import readme  # noqa: E402

NAMES = ["libsordino-dev", "libsordino0", "sordino", "sordino-live", "sordino-train", "sordino.lv2"]
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "-i", "sh", "-c"]
MOST_BYTES = 9 << 20  # of a package; the models, which stand in the library and the plugins, take 8 MB
# What a program that a user does not want must not bring along.
NOT_IN = {"sordino": ["mpi", "portaudio"], "sordino-live": ["mpi", "cairo"], "sordino.lv2": ["libsordino0"]}
NOISE = "ffmpeg -v error -f lavfi -i anoisesrc=duration=0.5:sample_rate=48000 -f null"


def fail(*words):
    print(*words, flush=True)
    sys.exit(1)


def call(command, **more):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **more)
    if done.returncode != 0:
        fail("exit status", done.returncode, "of", command, "\n" + done.stdout[-4000:])
    return done.stdout


def build(source, tree, options):
    shutil.copytree(source, tree, symlinks=True,
                    ignore=shutil.ignore_patterns("build*", "demo", ".git", "__pycache__"))
    call([tree + "/bootstrap", "packages"], env=dict(os.environ, DEB_BUILD_OPTIONS=options))
    return sorted(glob.glob(tree + "/build/packages/*.deb"))


# ---- what lies in them

def field(deb, name):
    return call(["dpkg-deb", "--field", deb, name]).strip()


def check_contents(debs, version):
    found = sorted(field(deb, "Package") for deb in debs)
    if [name for name in found if not name.endswith("-dbgsym")] != NAMES:
        fail("the packages are", found)
    for deb in debs:
        name = field(deb, "Package")
        if field(deb, "Version") != version:
            fail("debian/changelog has version", field(deb, "Version"), "meson.build", version)
        if os.path.getsize(deb) > MOST_BYTES:
            fail(deb, "has", os.path.getsize(deb), "bytes")
        for other in NOT_IN.get(name, []):
            if other in field(deb, "Depends"):
                fail(name, "depends on", other)


def check_lintian(deb_folder, quick):
    # What is built without optimisation lacks what lintian looks for.
    skipped = ["--suppress-tags", "hardening-no-fortify-functions"] if quick else []
    changes = glob.glob(deb_folder + "/*.changes")
    said = call(["lintian", "--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0"] +
                skipped + changes)
    print(said or "lintian has nothing to say", flush=True)


# ---- in use

def machine(folder):
    """The root of a copy of this machine; what is changed there is kept in memory."""
    call(["mount", "-t", "tmpfs", "none", folder])
    for name in ("upper", "work", "root"):
        os.mkdir(folder + "/" + name)
    root = folder + "/root"
    call(["mount", "-t", "overlay", "overlay", "-o",
          "lowerdir=/,upperdir=%s/upper,workdir=%s/work" % (folder, folder), root])
    for name in ("/proc", "/dev"):
        call(["mount", "--bind", name, root + name])
    os.chmod(folder, 0o755)
    return root


def check_use(root, debs, version):
    def sh(command, who=tuple(NOBODY)):
        return call(["chroot", root, *who, command])

    os.mkdir(root + "/tmp/packages")
    os.chmod(root + "/tmp/packages", 0o777)
    for deb in debs:
        shutil.copy(deb, root + "/tmp/packages")
    readme.make_samples(root + "/tmp/packages")
    sh("dpkg --install /tmp/packages/*.deb", ["sh", "-c"])
    files = [f for f in sh("dpkg --listfiles " + " ".join(NAMES)).split("\n") if "sordino" in f]
    if glob.glob(root + "/etc/systemd/*/*.wants/sordino*"):
        fail("installing sordino-live starts it for every user")
    for program in ("sordino", "sordino-eval", "sordino-live", "sordino-train"):
        if not sh(program + " --version").strip().endswith(version):
            fail(program, "has another version")
        sh("man -w " + program)
    sh("cd /tmp/packages && sordino noisy.wav clean.wav && sordino-eval original.wav clean.wav")
    sh("seq 9 | sordino-live --stdin --raw text --rate 100")
    if "urn:sordino:stereo" not in sh("lv2ls"):
        fail("lv2ls does not list the plugins")
    sh(NOISE + " -af lv2=p=urn\\\\\\\\:sordino\\\\\\\\:mono /dev/null")
    shutil.copy(os.path.dirname(os.path.abspath(__file__)) + "/consumer.c", root + "/tmp/packages")
    sh("cd /tmp/packages && PATH=/usr/bin:/bin cc -o consumer consumer.c "
       "$(pkg-config --cflags --libs sordino-0) && ./consumer")
    sh("desktop-file-validate /usr/share/applications/org.sordino.*.desktop")
    sh("appstreamcli validate --no-net --pedantic /usr/share/metainfo/org.sordino.*.xml")
    sh("dpkg --purge " + " ".join(NAMES), ["sh", "-c"])
    left = [f for f in files if os.path.lexists(root + f)]
    if left:
        fail("left behind:", left)


def check_numbers(source, version, released):
    """The texts that repeat the number; between releases the newest changes have none."""
    for name, telling in (("CHANGELOG.md", "## %s " % version),
                          ("desktop/org.sordino.sordino.metainfo.xml", 'release version="%s"' % version),
                          ("debian/changelog", "sordino (%s)" % version)):
        with open(source + "/" + name, encoding="utf-8") as file:
            text = file.read()
        if telling not in text and (released or "## Unreleased\n" not in text):
            fail(name, "does not have", telling)


def inside(source, twice, folder):
    os.umask(0o022)
    debs = build(source, folder + "/first", "" if twice else "noopt noautodbgsym")
    version = call(["meson", "introspect", "--projectinfo", source + "/meson.build"])
    version = re.search(r'"version": "([^"]*)"', version).group(1)
    check_numbers(source, version, twice)
    check_contents(debs, version)
    check_lintian(os.path.dirname(debs[0]), not twice)
    os.mkdir(folder + "/machine")
    check_use(machine(folder + "/machine"), debs, version)
    if not twice:
        return
    again = build(source, folder + "/a second", "")
    for a, b in zip(debs, again):
        print(os.path.basename(a), "the same" if filecmp.cmp(a, b, shallow=False) else "DIFFERS")
    if not all(filecmp.cmp(a, b, shallow=False) for a, b in zip(debs, again)):
        fail("two builds differ")


def main():
    if sys.argv[1] == "--inside":
        inside(sys.argv[2], sys.argv[3] == "--twice", sys.argv[-1])
        return 0
    for tool in ("unshare", "setpriv", "dpkg-buildpackage", "dh", "lintian", "lv2ls", "ffmpeg",
                 "appstreamcli", "desktop-file-validate"):
        if not shutil.which(tool):
            print(tool, "is not installed")
            return 77
    space = ["unshare", "--mount", "--propagation", "private"]
    if os.geteuid() != 0 or subprocess.run(space + ["true"], check=False).returncode != 0:
        print("Only root may make a mount namespace")
        return 77
    arguments = [os.path.abspath(sys.argv[1]), "--twice" if "--twice" in sys.argv else "--once"]
    os.environ.setdefault("CCACHE_DIR", os.path.expanduser("~/.cache/ccache"))
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(space + [sys.executable, __file__, "--inside"] + arguments + [folder],
                              check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
