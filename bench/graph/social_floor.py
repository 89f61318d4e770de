#!/usr/bin/python3
"""social_floor.py BENCH_PY DSN [RUNS]: what the writes of the shared social graph would take with an engine that costs nothing.

In turns, a connection each: SQL's own statement; a statement in SQL that writes the rows and index entries which the graph
writes, into tables of the same shape and size; Cypher; a call of ruvector_cypher() with the same text and parameters that
only returns 1; a SELECT of a parameter. The floor is the second plus the fourth without the fifth. Needs the graph `snb` and
the schema `plain` that `run.sh ... social` loads; prints medians of the backends' CPU times.
"""
import json
import random
import sys
import time

import turns

bench = turns.load(sys.argv[1])
dsn = sys.argv[2]
runs = int(sys.argv[3]) if len(sys.argv) > 3 else 1000

TABLES = """
DROP SCHEMA IF EXISTS floor CASCADE;
CREATE SCHEMA floor;
CREATE TABLE floor.node(id bigint PRIMARY KEY, labels integer[] NOT NULL, key bigint NOT NULL, properties bytea NOT NULL);
CREATE TABLE floor.node_label(label integer, node bigint, PRIMARY KEY (label, node));
CREATE TABLE floor.edge(id bigint PRIMARY KEY, type integer NOT NULL, source bigint NOT NULL, target bigint NOT NULL,
  properties bytea NOT NULL);
INSERT INTO floor.node SELECT i, '{1}', i, decode(repeat('2a', 32), 'hex') FROM generate_series(1, 60000) i;
INSERT INTO floor.node_label SELECT 1, i FROM generate_series(1, 60000) i;
INSERT INTO floor.edge SELECT i, 1 + i % 3, 1 + random() * 60000, 1 + random() * 60000, '' FROM generate_series(1, 400000) i;
CREATE UNIQUE INDEX ON floor.node(key);
CREATE INDEX ON floor.edge(source, type, target, id);
CREATE INDEX ON floor.edge(target, type, source, id);
"""
NODE = "INSERT INTO floor.node VALUES ($1, '{1}', $1, decode(repeat('2a', 32), 'hex'))"
ROWS = {    # of $1, new, and $2, a node
    'create': f"WITH n AS ({NODE}), l AS (INSERT INTO floor.node_label VALUES (1, $1)) "
              "INSERT INTO floor.edge VALUES ($1, 3, $2, $1, '')",
    'merge_node': f"WITH n AS ({NODE} ON CONFLICT DO NOTHING) INSERT INTO floor.node_label VALUES (1, $1)",
    'merge_rel': "INSERT INTO floor.edge VALUES ($1, 4, $2, $1 % 10000 + 1, '')",
}

setup = bench.ENGINES['sql'](dsn)
setup.cur.execute(TABLES)
for table in ('node', 'node_label', 'edge'):
    setup.cur.execute(f'VACUUM ANALYZE floor.{table}')
first = 10**13 + int(time.time() * 1000) * 1000
for query, rows in ROWS.items():
    engines = {name: bench.ENGINES['ruvector' if name in ('cypher', 'call') else 'sql'](dsn)
               for name in ('sql', 'rows', 'cypher', 'call', 'nothing')}
    for engine in engines.values():
        engine.start()
    engines['rows'].cur.execute(f'PREPARE f(bigint, bigint) AS {rows}')
    engines['nothing'].cur.execute('PREPARE f(bigint) AS SELECT $1')
    parameters = []
    for new in range(first, first + turns.WARM + runs):
        one = random.randint(1, bench.P)
        other = 1 + (one + random.randint(1, bench.P - 2)) % bench.P
        parameters.append({'id': one, 'other': other, 'new': new, 'tag': new})
    first += len(parameters)

    def statement(k, name):
        engine, p = engines[name], parameters[k]
        if name == 'rows':
            engine.cur.execute(f"EXECUTE f({p['new']}, {p['id']})")
        elif name == 'nothing':
            engine.cur.execute(f"EXECUTE f({p['id']})")
            engine.cur.fetchall()
        elif name == 'call':
            text = f'RETURN 1 AS r /* {bench.CYPHER[query][0]} */'
            engine.cur.execute('EXECUTE rc(%s, %s, %s)', (engine.G, text, json.dumps(p)))
            engine.cur.fetchall()
        else:
            engine.run(query, p)

    us = {name: ms * 1e3 for name, ms in turns.medians(bench, engines, runs, statement).items()}
    call = us['call'] - us['nothing']
    print(f"{query:10}  SQL {us['sql']:.0f} us, the rows {us['rows']:.0f}, the call {call:.0f}: "
          f"{(us['rows'] + call) / us['sql']:.2f}; Cypher {us['cypher']:.0f}: {us['cypher'] / us['sql']:.2f}", flush=True)
setup.cur.execute('DROP SCHEMA floor CASCADE')
