"""Programs that the tests of hosts start: alone in their folder, ended for certain."""
import os
import signal
import subprocess
import time

WAIT = 60  # s for something that ought to happen at once
# What hosts are given of this process's environment; the rest is made here, so that they run alike
# from a desktop, from a build's tests and with next to nothing set.
PASSED_ON = ("PATH", "MALLOC_PERTURB_", "SORDINO_KERNELS")


class HostFailed(Exception):
    pass


def environment(folder):
    """A user's, with a home of its own in `folder`."""
    home, runtime = os.path.join(folder, "home"), os.path.join(folder, "run")
    for path in (home, runtime):
        os.makedirs(path, 0o700)
    env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    env.setdefault("PATH", os.defpath)
    env.update(HOME=home, USER="nobody", LOGNAME="nobody", SHELL="/bin/sh", TERM="dumb",
               LC_ALL="C.UTF-8", LANG="C.UTF-8", TMPDIR=folder, XDG_RUNTIME_DIR=runtime,
               XDG_CONFIG_HOME=home + "/config", XDG_CACHE_HOME=home + "/cache",
               XDG_DATA_HOME=home + "/data", XDG_STATE_HOME=home + "/state")
    return env


def wait_for(what, happened, limit=WAIT):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        value = happened()
        if value:
            return value
        time.sleep(0.02)
    raise HostFailed(what + " did not happen")


def kill(process):
    """With all that it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def run(command, env, folder, limit):
    """What it wrote; raises where it failed, or ran for more than `limit` seconds."""
    with subprocess.Popen(command, env=env, cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          start_new_session=True) as process:
        try:
            said = process.communicate(timeout=limit)[0].decode(errors="replace")
        except subprocess.TimeoutExpired as why:
            kill(process)
            raise HostFailed("%s did not end" % command[0]) from why
        finally:
            kill(process)
    if process.returncode != 0:
        raise HostFailed("%s ended with %d:\n%s" % (command[0], process.returncode, said[-2000:]))
    return said


def begin(command, env, folder, log):
    """Starts a program that goes on beside us. Its input stays open: jalv ends where that does."""
    return subprocess.Popen(command, env=env, cwd=folder, stdin=subprocess.PIPE, stdout=log,
                            stderr=log, start_new_session=True)


def stop(process):
    process.stdin.close()
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        pass
    kill(process)
