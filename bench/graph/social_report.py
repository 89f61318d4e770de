#!/usr/bin/python3
"""social_report.py FOLDER: what bench.py measured for `sql` and `ruvector`, as rows of the table `figures`."""
import json
import sys

BELOW = {'hop3_distinct', 'shortest', 'varlen_1_3', 'agg_friends_likes', 'agg_city'}


def read(name):
    with open(f'{sys.argv[1]}/{name}.json') as f:
        return json.load(f)


def row(what, value, unit, bar):
    print(f"INSERT INTO figures (part, what, value, unit, bar) VALUES ('social', '{what}', {value}, '{unit}', {bar});")


sql, ours = read('query_sql'), read('query_ruvector')
for query, figure in ours.items():
    plain = sql[query.removesuffix('_id')]        # counting ids asks the same of SQL
    if figure.get('error') or plain.get('error'):
        sys.exit(f'{query}: {figure.get("error") or plain.get("error")}')
    row(f'{query}, CPU, times SQL of {plain["cpu_p50"]} ms', figure['cpu_p50'] / plain['cpu_p50'], 'x', 1 if query in BELOW else 1.2)
load = sum(read('load_sql').values())
row(f'load by Cypher, UNWIND of 5,000 rows, times plain tables of {load:.2f} s', sum(read('load_ruvector').values()) / load, 'x', 'NULL')
print("INSERT INTO figures (part, what, value, unit, bar) "
      f"SELECT 'social', 'load by ruvector_graph_import, times plain tables', seconds / {load}, 'x', 2 FROM social_import;")
