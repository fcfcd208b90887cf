"""Adds up the runs of `./bootstrap test`: summary.py RESULTS ALLOWED-SKIPS.

RESULTS has a line "run<tab>log<tab>path of a meson testlog.json" for each run, or
"run<tab>pass|fail|skip<tab>reason" for one that is no more than a build or could not be made. Lists
what failed, with the lines of its output that tell most, and what was skipped, and ends with
"sordino: N passed, N failed, N skipped". Exits with 1 when anything failed, nothing passed or,
with CI=true, something was skipped that ALLOWED-SKIPS does not name as "run/test".
"""
import fnmatch
import json
import os
import re
import sys


TELLING = re.compile(r"fail|error|assert|differs|again:", re.I)
MOST, WIDTH = 8, 160  # lines of a failed test, characters of each


def told(lines):
    """Of a failed test's output the last lines that speak of a failure, or that there are."""
    chosen = [line for line in lines if TELLING.search(line)] or lines
    return "".join("\n    " + line[:WIDTH] for line in chosen[-MOST:])


def reason_of(test):
    """How a test failed, or what it said last before it skipped."""
    text = (test.get("stdout") or "") + "\n" + (test.get("stderr") or "")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if test["result"] != "SKIP":
        return f"{test['result'].lower()}, exit status {test.get('returncode')}" + told(lines)
    return lines[-1] if lines else "it gave no reason"


def read_results(path):
    """(run/test, "pass" | "fail" | "skip", reason) of every test of every run."""
    outcomes = []
    with open(path, encoding="utf-8") as results:
        rows = [line.rstrip("\n").split("\t") for line in results]
    for run, kind, detail in rows:
        if kind != "log":
            outcomes.append((run, kind, detail))
            continue
        with open(detail, encoding="utf-8") as log:
            tests = [json.loads(line) for line in log if line.strip()]
        if not tests:
            outcomes.append((run, "fail", "it ran no test"))
        for test in tests:
            # "sordino:unit / status" by meson; the last part is the test's own name.
            name = run + "/" + test["name"].split(" / ")[-1].split(":")[-1].strip()
            kind = {"OK": "pass", "EXPECTEDFAIL": "pass", "SKIP": "skip"}.get(test["result"], "fail")
            outcomes.append((name, kind, reason_of(test) if kind != "pass" else ""))
    return outcomes


def read_patterns(path):
    """The skips that are allowed; shell patterns, one a line, comments after #."""
    with open(path, encoding="utf-8") as lines:
        return [p for p in (line.split("#")[0].strip() for line in lines) if p]


def main():
    outcomes = read_results(sys.argv[1])
    allowed = read_patterns(sys.argv[2])
    strict = os.environ.get("CI") == "true"
    counts = {"pass": 0, "fail": 0, "skip": 0}
    print()
    for name, kind, reason in outcomes:
        if kind == "skip" and strict and not any(fnmatch.fnmatch(name, p) for p in allowed):
            kind, reason = "fail", "skipped, and tests/allowed-skips does not list it: " + reason
        counts[kind] += 1
        if kind != "pass":
            print(f"{'FAILED ' if kind == 'fail' else 'skipped'} {name}: {reason}")
    print(f"sordino: {counts['pass']} passed, {counts['fail']} failed, {counts['skip']} skipped")
    return 1 if counts["fail"] or not counts["pass"] else 0


if __name__ == "__main__":
    sys.exit(main())
