#!/usr/bin/python3
"""social_turns.py BENCH_PY DSN [RUNS [QUERY...]]: the short queries of the shared social graph, SQL and Cypher in turns.

One statement of each system after the other, with the same parameters, in a connection each; who comes first alternates.
What the machine does meanwhile (clock rates, other guests, how deep the other processor sleeps) then meets both, which
matters where a statement takes less than that scatters. Prints the medians of the backends' CPU times as rows of `figures`.
"""
import importlib.util
import random
import statistics
import sys

BARS = {'lookup': 1.2, 'hop1': 1.2, 'agg_friends_likes': 1, 'create': 1.2, 'merge_node': 1.2, 'merge_rel': 1.2}
WARM = 20

spec = importlib.util.spec_from_file_location('bench', sys.argv[1])
bench = importlib.util.module_from_spec(spec)
spec.loader.exec_module(bench)
dsn = sys.argv[2]
runs = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
for query in sys.argv[4:] or BARS:
    engines = {name: bench.ENGINES[name](dsn) for name in ('sql', 'ruvector')}
    for engine in engines.values():
        engine.start()
    numbers = random.Random()       # each run creates nodes and relationships that were not there
    first = numbers.randint(10**9, 10**12)
    times = {name: [] for name in engines}
    for k, parameters in enumerate(bench.params(query, WARM + runs)):
        other = 1 + (parameters['id'] + numbers.randint(1, bench.P - 2)) % bench.P
        parameters |= {'new': first + k, 'tag': first + k, 'other': other}
        for name in sorted(engines, reverse=k % 2 == 0):
            engine = engines[name]
            before = bench.cpu_ns(engine.pid)
            engine.run(query, parameters)
            if k >= WARM:
                times[name].append((bench.cpu_ns(engine.pid) - before) / 1e6)
    for engine in engines.values():
        engine.conn.close()
    sql, ours = (statistics.median(times[name]) for name in ('sql', 'ruvector'))
    print("INSERT INTO figures (part, what, value, unit, bar) "
          f"VALUES ('social', '{query}, CPU, in turns with SQL of {sql:.3f} ms', {ours / sql}, 'x', {BARS[query]});")
