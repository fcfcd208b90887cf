"""README's lines for installing, run as they stand where nothing of Sordino is installed yet.

    test_install.py README.md SOURCE

Makes a mount namespace with an empty /usr/local and a linker's cache of its own, so that the machine
stays as it is. Runs each block of README.md that has `meson install` in it: one that names $HOME as
another user without rights, for whom all must lie below that folder, any other one as root. Then looks
whether what was installed is found: the programs, the library, the manual and the plugins, by root and
by another user, with no environment at all.
"""
import glob
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import readme  # noqa: E402

PROGRAMS = ["sordino", "sordino-eval", "sordino-live", "sordino-train"]
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
NOISE = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "anoisesrc=duration=0.5:sample_rate=48000:amplitude=0.1"]


def fail(*words):
    print(*words, flush=True)
    sys.exit(1)


def call(command, **more):
    """What a command writes, both streams together; the test ends where it fails."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **more)
    if done.returncode != 0:
        fail("exit status", done.returncode, "of", command, "\n" + done.stdout[-3000:])
    return done.stdout


# ---- the machine

def bare_machine(scratch):
    """A machine where nothing was ever installed by hand, as far as this process can see."""
    shutil.copytree("/etc", scratch + "/etc", symlinks=True, ignore_dangling_symlinks=True)
    os.mkdir(scratch + "/ldconfig")
    call(["mount", "--bind", scratch + "/etc", "/etc"])
    if os.path.isdir("/var/cache/ldconfig"):
        call(["mount", "--bind", scratch + "/ldconfig", "/var/cache/ldconfig"])
    # The tests need not be built once more.
    found = subprocess.run(["pkg-config", "--variable=pcfiledir", "cmocka"], check=False,
                           stdout=subprocess.PIPE, text=True).stdout.strip()
    if found:
        call(["mount", "--bind", "/dev/null", found + "/cmocka.pc"])


def empty_usr_local():
    call(["mount", "-t", "tmpfs", "-o", "mode=755", "none", "/usr/local"])
    call(["ldconfig"])


# ---- what is installed

class Shell:
    """A user's shell: who it is, its environment, and the folder that all must lie below."""

    def __init__(self, who, environment, prefix):
        self.who, self.environment, self.prefix = who, environment, prefix

    def run(self, command):
        return call(self.who + ["env", "-i"] + self.environment + ["sh", "-c", command], cwd="/")

    def below(self, path):
        if not path.startswith(self.prefix + "/"):
            fail(path, "does not lie below", self.prefix)


def check_programs(shell, version):
    for program in PROGRAMS:
        if not os.path.exists(shell.prefix + "/bin/" + program):
            if program == "sordino":
                fail("sordino was not installed")
            print(program, "was not built here")
            continue
        said = shell.run(program + " --version").strip()
        if not said.startswith(program) or not said.endswith(version):
            fail(program, "--version says:", said)
        shell.below(shell.run("man -w " + program))


def check_denoising(shell, folder):
    shell.run("sordino %s/noisy.wav - >%s/clean.wav" % (folder, folder))
    if os.path.getsize(folder + "/clean.wav") < 10000:
        fail("sordino wrote too little")
    os.unlink(folder + "/clean.wav")


def check_plugins(shell):
    listed = shell.run("lv2ls").split()
    for uri in ("urn:sordino:mono", "urn:sordino:stereo"):
        if uri not in listed:
            fail("lv2ls does not list", uri)
    shell.below(shell.run("lv2info urn:sordino:mono | sed -n 's/.*Bundle: *file:\\/\\///p'"))
    shell.run(" ".join(NOISE) + " -af lv2=p=urn\\\\\\\\:sordino\\\\\\\\:mono -f null -")


def check_library(shell, version, folder):
    said = shell.run("pkg-config --modversion sordino-0").strip()
    if said != version:
        fail("pkg-config says", said)
    consumer = os.path.dirname(os.path.abspath(__file__)) + "/consumer.c"
    flags = shell.run("pkg-config --cflags --libs sordino-0").split()
    call(["cc", "-o", folder + "/consumer", consumer] + flags)
    if shell.prefix == "/usr/local":
        shell.run(folder + "/consumer")
    os.unlink(folder + "/consumer")


def check_all(shell, version, folder):
    check_programs(shell, version)
    check_denoising(shell, folder)
    check_plugins(shell)
    check_library(shell, version, folder)


# ---- README's blocks

def install(script, tree, who, home):
    path = "/usr/sbin:/usr/bin:/sbin:/bin"
    environment = ["HOME=" + home, "PATH=" + path]
    environment += [name + "=" + os.environ[name] for name in ("CCACHE_DIR",) if name in os.environ]
    print(script, flush=True)
    call(who + ["env", "-i"] + environment + ["sh", "-euc", script], cwd=tree)


def forget_setup(tree):
    """The next `meson setup` is a first one, but what is compiled need not be compiled again."""
    shutil.rmtree(tree + "/build/meson-private", ignore_errors=True)
    shutil.rmtree(tree + "/build/meson-info", ignore_errors=True)


def check_system(script, tree, version, folder):
    empty_usr_local()
    shutil.copy("/etc/ld.so.cache", folder + "/ld.so.cache")
    install(script, tree, [], folder)
    for who in ([], NOBODY):
        check_all(Shell(who, [], "/usr/local"), version, folder)
    # The programs do not need the linker's cache, which only root can renew.
    shutil.copy(folder + "/ld.so.cache", "/etc/ld.so.cache")
    check_programs(Shell(NOBODY, [], "/usr/local"), version)
    call(["umount", "/usr/local"])


def check_home(script, tree, version, folder):
    empty_usr_local()
    home = folder + "/home"
    os.mkdir(home)
    call(["chown", "-R", "65534:65534", tree, home])
    install(script, tree, NOBODY, home)
    found = glob.glob(home + "/.local/lib*/pkgconfig") + glob.glob(home + "/.local/lib/*/pkgconfig")
    environment = ["HOME=" + home, "PATH=%s/.local/bin:/usr/bin:/bin" % home,
                   "PKG_CONFIG_PATH=" + ":".join(found)]
    shell = Shell(NOBODY, environment, home + "/.local")
    check_programs(shell, version)
    check_denoising(shell, folder)
    check_library(shell, version, folder)
    shell.prefix = home
    check_plugins(shell)
    if os.listdir("/usr/local"):
        fail("/usr/local holds", os.listdir("/usr/local"))
    call(["umount", "/usr/local"])


def inside(readme_path, source, folder):
    with open(readme_path, encoding="utf-8") as file:
        scripts = [s for _, s, _ in readme.blocks(file.read()) if "meson install" in s]
    if not any("$HOME" in s for s in scripts) or all("$HOME" in s for s in scripts):
        fail("README.md does not tell how to install for all users, and how for oneself")
    tree = folder + "/sordino"
    shutil.copytree(source, tree,
                    ignore=shutil.ignore_patterns("build*", "demo", ".git", "__pycache__"))
    bare_machine(folder)
    readme.make_samples(folder)
    os.chmod(folder, 0o777)
    version = call(["meson", "introspect", "--projectinfo", tree + "/meson.build"])
    version = version.split('"version": "')[1].split('"')[0]
    for script in scripts:
        forget_setup(tree)
        (check_home if "$HOME" in script else check_system)(script, tree, version, folder)


def main():
    if sys.argv[1] == "--inside":
        inside(*sys.argv[2:])
        return 0
    for tool in ("unshare", "setpriv", "man", "lv2ls", "ffmpeg", "pkg-config", "cc"):
        if not shutil.which(tool):
            print(tool, "is not installed")
            return 77
    space = ["unshare", "--mount", "--propagation", "private"]
    if os.geteuid() != 0 or subprocess.run(space + ["true"], check=False).returncode != 0:
        print("Only root may make a mount namespace")
        return 77
    os.environ.setdefault("CCACHE_DIR", os.path.expanduser("~/.cache/ccache"))
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(space + [sys.executable, __file__, "--inside"] + sys.argv[1:] + [folder],
                              check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
