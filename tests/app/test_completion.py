"""What shells offer for the programs: all that their tables of options hold, and nothing else.

    test_completion.py COMPLETIONS PROGRAM...
"""
import os
import shutil
import subprocess
import sys
import unittest

COMPLETIONS, PROGRAMS = os.path.abspath(sys.argv[1]), [os.path.abspath(p) for p in sys.argv[2:]]
BASH = """source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sordino
printf '%s\\n' "${COMPREPLY[@]}" """
FISH = """source $argv[1]; complete -C (string join ' ' -- $argv[2..-1])"""


def bash(*words):
    done = subprocess.run(["bash", "-c", BASH, "bash", COMPLETIONS + "/sordino.bash", *words],
                          capture_output=True, check=True, timeout=60)
    assert done.stderr == b"", done.stderr
    return set(done.stdout.decode().split())


def fish(*words):
    path = os.path.dirname(words[0]) + os.pathsep + os.environ["PATH"]
    command = [os.path.basename(words[0]), *words[1:]]
    done = subprocess.run(["fish", "-N", "-c", FISH, COMPLETIONS + "/sordino.fish", *command],
                          capture_output=True, check=True, timeout=60,
                          env=dict(os.environ, PATH=path))
    return {line.split("\t")[0] for line in done.stdout.decode().splitlines()}


def told(*command):
    """The names and words of the program's table, {name: words}."""
    text = subprocess.run([*command, "--print-options"], capture_output=True, check=True).stdout.decode()
    rows = [line.split("\t") for line in text.splitlines()]
    return {"--" + row[1]: set(row[6].split()) for row in rows}


class Completion(unittest.TestCase):
    def offers(self, shell):
        for program in PROGRAMS:
            name = os.path.basename(program)
            with self.subTest(program=name):
                for more in [[], ["--stdin"]] if name == "sordino-live" else [[]]:
                    table = told(program, *more)
                    self.assertEqual(shell(program, *more, "--"), set(table))
                    self.assertGreater(len(table), 10)
                    for option, words in table.items():
                        if words:
                            self.assertEqual(shell(program, *more, option, ""), words, option)
                if name == "sordino":
                    self.assertEqual(shell(program, "--li"), {"--list-models", "--limit", "--link"})
                    self.assertEqual(shell(program, "--gaps", "k"), {"keep"})
                    self.assertLessEqual({"wiener", "kalman"}, shell(program, "--model", ""))

    @unittest.skipUnless(shutil.which("bash"), "no bash")
    def test_bash(self):
        self.offers(bash)

    @unittest.skipUnless(shutil.which("fish"), "no fish")
    def test_fish(self):
        self.offers(fish)

    @unittest.skipUnless(shutil.which("zsh"), "no zsh")
    def test_zsh_can_read_its_own(self):
        subprocess.run(["zsh", "-n", COMPLETIONS + "/_sordino"], check=True, timeout=60)


if __name__ == "__main__":
    if not shutil.which("bash") and not shutil.which("fish"):
        print("neither bash nor fish is installed")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
