"""Statements of several systems in turns, for social_turns.py and social_floor.py.

What the machine does meanwhile (clock rates, other guests, how deep the other processor sleeps) then meets all of them, which
matters where a statement takes less than that scatters.
"""
import importlib.util
import random
import statistics

WARM = 20


def load(path):
    """The shared bench.py, as a module."""
    spec = importlib.util.spec_from_file_location('bench', path)
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    return bench


def medians(bench, engines, runs, statement):
    """The median CPU time in ms of each engine's backend, by name, and the connections are closed.

    statement(k, name) runs the k-th statement of that engine; who comes first is left to chance.
    """
    times = {name: [] for name in engines}
    for k in range(WARM + runs):
        for name in random.sample(sorted(engines), len(engines)):
            before = bench.cpu_ns(engines[name].pid)
            statement(k, name)
            if k >= WARM:
                times[name].append((bench.cpu_ns(engines[name].pid) - before) / 1e6)
    for engine in engines.values():
        engine.conn.close()
    return {name: statistics.median(t) for name, t in times.items()}
