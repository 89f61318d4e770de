#!/usr/bin/python3
"""social_turns.py BENCH_PY DSN [RUNS [QUERY...]]: the short queries of the shared social graph, SQL and Cypher in turns.

One statement of each system after the other, with the same parameters, in a connection each. Prints the medians of the backends'
CPU times as rows of `figures`.
"""
import random
import sys

import turns

BARS = {'lookup': 1.2, 'hop1': 1.2, 'agg_friends_likes': 1, 'create': 1.2, 'merge_node': 1.2, 'merge_rel': 1.2}

bench = turns.load(sys.argv[1])
dsn = sys.argv[2]
runs = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
for query in sys.argv[4:] or BARS:
    engines = {name: bench.ENGINES[name](dsn) for name in ('sql', 'ruvector')}
    for engine in engines.values():
        engine.start()
    first = random.randint(10**9, 10**12)   # each run creates nodes and relationships that were not there
    parameters = bench.params(query, turns.WARM + runs)
    for k, p in enumerate(parameters):
        p |= {'new': first + k, 'tag': first + k, 'other': 1 + (p['id'] + random.randint(1, bench.P - 2)) % bench.P}
    ms = turns.medians(bench, engines, runs, lambda k, name: engines[name].run(query, parameters[k]))
    print("INSERT INTO figures (part, what, value, unit, bar) VALUES ('social', "
          f"'{query}, CPU, in turns with SQL of {ms['sql']:.3f} ms', {ms['ruvector'] / ms['sql']}, 'x', {BARS[query]});")
