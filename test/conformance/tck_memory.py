#!/usr/bin/python3
"""The openCypher TCK over the engine's store in memory: no server needed.

usage: tck_memory.py PROGRAM [--floor N] [arguments of run_tck.py, such as --errors type --failures 20]

PROGRAM is test/conformance/cypher_memory. The runner and the scenarios are read from
$RUVECTOR_SHARED/conformance/tck (default ../shared beside the checkout); exit status 77 (skipped)
where that is missing. With --floor the run fails when fewer than N scenarios pass.
"""
import json
import os
import re
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
shared = os.environ.get('RUVECTOR_SHARED', os.path.join(here, '..', '..', '..', 'shared'))
tck = os.path.join(shared, 'conformance', 'tck')
if not os.path.isdir(tck):
    print(f'skipped: {tck} is not there')
    sys.exit(77)
sys.path.insert(0, tck)
try:
    import run_tck
except ImportError as e:
    print(f'skipped: {e}')
    sys.exit(77)
import adapters                                                          # noqa: E402
from tck_values import parse_value                                       # noqa: E402


class Memory(adapters.Ruvector):
    name = 'memory'

    def connect(self):
        self.p = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def send(self, **command):
        try:
            self.p.stdin.write(json.dumps(command) + '\n')
            self.p.stdin.flush()
            line = self.p.stdout.readline()
        except BrokenPipeError:
            line = ''
        if not line:
            raise adapters.Crash(f'the program ended with status {self.p.wait()}')
        return json.loads(line, object_pairs_hook=adapters.Pairs)

    def begin(self):
        pass

    def rollback(self):
        if self.p.poll() is None:
            self.send(op='graph')

    def create_graph(self):
        self.send(op='graph')

    def run(self, query, params, hint=None):
        answer = dict(self.send(op='query', text=query, params=params or {}))
        if 'error' in answer:
            raise adapters.CypherError('', answer['error'], answer['detail'])
        rows = answer['rows']
        columns = [k for k, _ in rows[0]] if rows else None
        return adapters.Result(columns, [[self.decode(v) for _, v in row] for row in rows])

    def procedure(self, signature, header, rows):
        m = re.match(r'\s*([\w.]+)\((.*?)\)\s*::\s*\((.*?)\)', signature)
        ins, outs = ([[x.strip() for x in f.split(' :: ')] for f in part.split(',') if f.strip()]
                     for part in m.groups()[1:])
        order = [header.index(n) for n, _ in ins + outs] if header else []
        table = [[parse_value(r[i]) for i in order] for r in rows]
        self.send(op='procedure', name=m.group(1), inputs=ins, outputs=outs, rows=table)


PROGRAM = sys.argv[1]
floor = None
rest = sys.argv[2:]
if '--floor' in rest:
    at = rest.index('--floor')
    floor = int(rest[at + 1])
    del rest[at:at + 2]
adapters.ADAPTERS['memory'] = run_tck.ADAPTERS['memory'] = Memory
sys.argv = ['run_tck.py', '--adapter', 'memory'] + rest
if floor is None:
    sys.exit(run_tck.main())

import contextlib                                                        # noqa: E402
import io                                                                # noqa: E402

out = io.StringIO()
with contextlib.redirect_stdout(out):
    run_tck.main()
print(out.getvalue(), end='')
passed = int(re.search(r'(\d+) passed', out.getvalue().splitlines()[-1]).group(1))
if passed < floor:
    print(f'FAILED: {passed} scenarios pass, {floor} did before')
    sys.exit(1)
