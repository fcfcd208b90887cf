"""Runs commands beside each other, with their processor time, and ends them all when asked to."""
import concurrent.futures
import os
import signal
import subprocess
import sys
import tempfile
import threading


class CommandError(Exception):
    """One sentence on what failed."""


def _last_line(file):
    file.seek(0)
    lines = file.read().decode(errors="replace").strip().splitlines()
    return lines[-1].strip()[:300] if lines else "it printed nothing"


class Progress:
    """A line on a terminal that counts; nothing elsewhere."""

    def __init__(self, quiet):
        self.shown = sys.stderr.isatty() and not quiet

    def show(self, text):
        if self.shown:
            sys.stderr.write(f"\r\033[K{text}")
            sys.stderr.flush()

    def clear(self):
        self.show("")


class Runner:
    def __init__(self, jobs, scratch):
        self.jobs = jobs
        self._scratch = scratch  # what commands that are killed leave behind goes away with it
        self._live = set()
        self._lock = threading.Lock()
        self._stopped = False

    def _start(self, command, errors):
        with self._lock:
            if self._stopped:
                raise CommandError("was stopped")
            try:
                child = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=errors,
                    stderr=errors,
                    env={**os.environ, "TMPDIR": self._scratch},
                    start_new_session=True,
                )
            except OSError as why:
                raise CommandError(f"{command[0]} cannot be run: {why.strerror}") from why
            self._live.add(child.pid)
            return child

    def run(self, command, accept=(0,)):
        """Runs one command; returns the user and system seconds of it and its children."""
        with tempfile.TemporaryFile() as errors:
            child = self._start(command, errors)
            try:
                _, status, used = os.wait4(child.pid, 0)
            except BaseException:  # an interrupt in the main thread: nothing may go on alone
                self.stop()
                _, child.returncode = os.waitpid(child.pid, 0)
                raise
            finally:
                with self._lock:
                    self._live.discard(child.pid)
            child.returncode = code = os.waitstatus_to_exitcode(status)
            if code not in accept:
                how = f"was ended by signal {-code}" if code < 0 else f"ended with status {code}"
                raise CommandError(f"{command[0]} {how}: {_last_line(errors)}")
            return used.ru_utime + used.ru_stime

    def map(self, work, items, done):
        """work(item) for all, `jobs` at a time; done(count) after each; the first failure ends it."""
        results = {}
        pool = concurrent.futures.ThreadPoolExecutor(self.jobs)
        try:
            futures = {pool.submit(work, item): item for item in items}
            for future in concurrent.futures.as_completed(futures):
                results[futures[future]] = future.result()
                done(len(results))
        except KeyboardInterrupt:
            self.stop()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        return results

    def stop(self):
        """Kills what runs, and runs nothing more."""
        with self._lock:
            self._stopped = True
            for pid in self._live:
                try:
                    os.killpg(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
