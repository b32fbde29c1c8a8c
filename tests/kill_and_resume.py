"""Kill `gdbench run SUITE` with signal 9 at random moments, resume, and compare all results with an undisturbed run's.

Usage: python tests/kill_and_resume.py [SUITE] [KILLS]; exit status 0 if every byte is the same.
"""

import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gdbench.store import Store


def gdbench(*arguments):
    return subprocess.Popen([sys.executable, "-P", "-m", "gdbench", *map(str, arguments)], stdout=subprocess.DEVNULL)


def exported(store):
    """The bytes of the export, and a digest of all that the store holds, figures of replicates among it."""
    table = store.with_suffix(".csv")
    assert gdbench("export", "--csv", table, "--store", store).wait() == 0
    with Store(store, write=False) as results:
        return table.read_bytes(), results.content()


def undisturbed(suite, folder):
    """The export of a whole run, and the seconds that it takes with warm kernels."""
    assert gdbench("run", suite, "--store", folder / "warm.sqlite").wait() in (0, 1)
    start = time.perf_counter()
    gdbench("run", suite, "--store", folder / "whole.sqlite").wait()
    return exported(folder / "whole.sqlite"), time.perf_counter() - start


def kill_and_resume(suite, kills, folder, seed=0):
    """Whether every run that was killed and resumed exports the bytes of an undisturbed one.

    A run that ends before its time is compared too, and a new one is begun.
    """
    draws = random.Random(seed)
    expected, seconds = undisturbed(suite, folder)
    done = rounds = 0
    store = folder / "round0.sqlite"
    while done < kills:
        start = time.perf_counter()
        process = gdbench("run", suite, "--store", store)
        try:
            process.wait(draws.uniform(0.2, 1.0) * seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            done += 1
            continue
        seconds = min(seconds, time.perf_counter() - start)  # the machine may have been busy before
        if exported(store) != expected:
            return False
        rounds += 1
        store = folder / f"round{rounds}.sqlite"
    gdbench("run", suite, "--store", store).wait()
    print(f"{done} kills in {rounds + 1} rounds; an undisturbed run takes {seconds:.1f} s")
    return exported(store) == expected


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        same = kill_and_resume((sys.argv[1:] or ["quick"])[0], int((sys.argv[2:] or ["20"])[0]), Path(folder))
    print("every byte is the same" if same else "THE EXPORTS DIFFER")
    sys.exit(0 if same else 1)
