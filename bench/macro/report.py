#!/usr/bin/env python3
"""Turns JSON lines of ruvector_bench into Markdown tables, SVG plots of recall against time, and a page.

usage: report.py FILE.json... [--markdown OUT.md] [--html OUT.html] [--svg PREFIX] [--docs PAGE.md]

--docs replaces what stands between the lines <!-- measured: begin --> and <!-- measured: end --> of PAGE.md.
Without an output the Markdown goes to the standard output. Of runs of the same name, system, index and
filter the last one counts.
"""
import argparse
import html
import json
import math
import re

COLOURS = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#7f7f7f", "#8c564b"]


def load(paths):
    runs = {}
    for path in paths:
        with open(path) as f:
            for line in f:
                if line.strip():
                    run = json.loads(line)
                    runs[(experiment(run), system(run))] = run
    return list(runs.values())


def method(run):
    return run["index"].split("(")[0].strip() if run.get("index") else "exact"


def system(run):
    options = re.search(r"WITH\s*\((.*)\)\s*$", run.get("index", ""), re.I)
    return f"{run['extension']} {run['version']}, {method(run)}" + (f" ({options.group(1)})" if options else "")


def experiment(run):
    return run["name"] or f"{run['rows']:.0f} x {run['dim']:.0f}, {run['metric']}" + (f", {run['where']}" if run["where"] else "")


def table(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head)] + ["| " + " | ".join(r) + " |" for r in rows])


def query_table(runs, key="results"):
    clients = sorted({c for run in runs for r in run.get(key, []) for c in r.get("qps", {})}, key=int)
    rows = [[system(run), r["setting"].split("=")[-1].strip(), f"{r['recall']:.4f}", f"{r['rows']:.1f}", f"{r['p50_ms']:.3f}", f"{r['p90_ms']:.3f}",
             f"{r['p99_ms']:.3f}", f"{r['cpu_ms']:.3f}", f"{r['buffers']:.0f}", "yes" if r["index_used"] else "no"]
            + [f"{r['qps'][c]:.0f}" if c in r.get("qps", {}) else "" for c in clients]
            for run in runs for r in run.get(key, [])]
    return table(["", "setting", "recall", "rows", "p50 ms", "p90 ms", "p99 ms", "CPU ms", "buffers", "index used"]
                 + [f"QPS, {c} client{'s' if c != '1' else ''}" for c in clients], rows)


def build_table(runs):
    rows = [[system(run), f"{run['build_s']:.1f}", f"{run['build_cpu_s']:.1f}", f"{run['build_workers']:.0f}", f"{run['index_bytes'] / 1e6:.1f}",
             f"{run['index_bytes'] / (run['rows'] * run['dim'] * (2 if run['type'] == 'halfvec' else 4)):.2f}", f"{run['table_bytes'] / 1e6:.1f}"]
            for run in runs if run.get("index")]
    return table(["", "build s", "CPU s", "workers", "index MB", "index / vectors", "table MB"], rows) if rows else ""


def write_table(runs):
    rows = []
    for run in runs:
        if "insert_autocommit" in run:
            one, each = run["insert_one_transaction"], run["insert_autocommit"]
            rows.append([system(run), f"{one['rows_per_s']:.0f}", f"{each['rows_per_s']:.0f}", f"{each['p50_ms']:.2f}", f"{each['p99_ms']:.2f}",
                         f"{one['cpu_ms']:.3f}", f"{one['wal_bytes_per_row']:.0f}"])
    text = table(["single-row inserts", "rows/s, one transaction", "rows/s, autocommit", "p50 ms", "p99 ms", "CPU ms", "WAL bytes"], rows) if rows else ""
    rows = [[system(run), f"{run['deleted_percent']:.0f} %", f"{run['vacuum_s']:.2f}", f"{run['vacuum_cpu_s']:.2f}", f"{run['vacuum_wal_bytes'] / 1e6:.1f}",
             f"{run['index_bytes'] / 1e6:.1f}", f"{run['index_bytes_after_vacuum'] / 1e6:.1f}",
             f"{max(r['recall'] for r in run['results']):.4f}", f"{max(r['recall'] for r in run['results_after_delete']):.4f}",
             f"{max(r['recall'] for r in run['results_after_vacuum']):.4f}"]
            for run in runs if "vacuum_s" in run and run.get("index")]
    if rows:
        text += "\n\n" + table(["VACUUM", "deleted", "s", "CPU s", "WAL MB", "index MB before", "after", "best recall before", "deleted", "vacuumed"], rows)
    return text


def facts(runs):
    seen = dict.fromkeys((r["cpu"], f"{r['cores']:.0f}", r["server"], r["shared_buffers"], r["maintenance_work_mem"]) for r in runs)
    return "\n".join(f"{cpu}, {cores} cores; PostgreSQL {server}, shared_buffers {buffers}, maintenance_work_mem {work}." for cpu, cores, server, buffers, work in seen)


def grouped(runs):
    groups = {}
    for run in runs:
        groups.setdefault(experiment(run), []).append(run)
    return groups


def markdown(runs, plots=None):
    parts = [facts(runs)]
    for name, group in grouped(runs).items():
        parts += [f"### {name}", query_table(group), build_table(group), write_table(group)]
        if plots and name in plots:
            parts.append(f"![recall against time, {name}]({plots[name]})")
    return "\n\n".join(p for p in parts if p) + "\n"


def ticks(low, high):
    """1, 2 and 5 of every power of ten between low and high"""
    return [m * 10 ** e for e in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1) for m in (1, 2, 5) if low <= m * 10 ** e <= high]


def svg(name, runs):
    width, height, left, top, bottom = 760, 440, 70, 50, 60
    right = 30
    lines = {system(run): sorted((r["recall"], r["p50_ms"]) for r in run["results"]) for run in runs}
    points = [p for line in lines.values() for p in line]
    low = min(0.99, math.floor(min(p[0] for p in points) * 20) / 20)
    fast, slow = min(p[1] for p in points) / 1.3, max(p[1] for p in points) * 1.3
    x = lambda recall: left + (recall - low) / (1 - low) * (width - left - right)
    y = lambda ms: height - bottom - math.log(ms / fast) / math.log(slow / fast) * (height - top - bottom)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="sans-serif" font-size="12">',
           f'<rect width="{width}" height="{height}" fill="white"/>', f'<text x="{left}" y="20" font-size="14">{html.escape(name)}</text>']
    step = (1 - low) / 5
    for i in range(6):
        at = low + i * step
        out += [f'<path d="M{x(at):.1f},{top} V{height - bottom}" stroke="#ddd"/>', f'<text x="{x(at):.1f}" y="{height - bottom + 16}" text-anchor="middle">{at:.3g}</text>']
    for ms in ticks(fast, slow):
        out += [f'<path d="M{left},{y(ms):.1f} H{width - right}" stroke="#ddd"/>', f'<text x="{left - 6}" y="{y(ms) + 4:.1f}" text-anchor="end">{ms:g}</text>']
    out += [f'<path d="M{left},{top} V{height - bottom} H{width - right}" stroke="black" fill="none"/>',
            f'<text x="{(left + width - right) / 2}" y="{height - 18}" text-anchor="middle">recall</text>',
            f'<text x="16" y="{(top + height - bottom) / 2}" transform="rotate(-90 16 {(top + height - bottom) / 2})" text-anchor="middle">median latency, ms (logarithmic; lower is better)</text>']
    for i, (label, line) in enumerate(lines.items()):
        colour = COLOURS[i % len(COLOURS)]
        out.append(f'<polyline points="{" ".join(f"{x(r):.1f},{y(ms):.1f}" for r, ms in line)}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x(r):.1f}" cy="{y(ms):.1f}" r="3" fill="{colour}"><title>{html.escape(label)}: recall {r:.4f}, {ms:.3f} ms</title></circle>' for r, ms in line]
        out.append(f'<text x="{left + 12}" y="{top + 16 + 16 * i}" fill="{colour}">{html.escape(label)}</text>')
    return "\n".join(out + ["</svg>"]) + "\n"


def page(runs):
    def cells(line, tag):
        return "<tr>" + "".join(f"<{tag}>{html.escape(c.strip())}</{tag}>" for c in line.strip("|").split("|")) + "</tr>"

    def as_html(text):
        out = []
        for block in text.split("\n\n"):
            lines = block.split("\n")
            if lines[0].startswith("|"):
                out.append("<table>" + cells(lines[0], "th") + "".join(cells(line, "td") for line in lines[2:]) + "</table>")
            elif block.strip():
                out.append(f"<p>{html.escape(block)}</p>")
        return "\n".join(out)

    body = [as_html(facts(runs))]
    for name, group in grouped(runs).items():
        body += [f"<h2>{html.escape(name)}</h2>", svg(name, group), as_html("\n\n".join([query_table(group), build_table(group), write_table(group)]))]
    style = "body{font-family:sans-serif;margin:2em}table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #ccc;padding:2px 8px;text-align:right}td:first-child{text-align:left}"
    return f"<!doctype html><html><head><meta charset=utf-8><title>Benchmarks</title><style>{style}</style></head><body>\n<h1>Benchmarks</h1>\n" + "\n".join(body) + "\n</body></html>\n"


def replace_between(text, new):
    begin, end = "<!-- measured: begin -->", "<!-- measured: end -->"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise SystemExit(f"the page needs one line {begin} and one line {end}")
    return text[:text.index(begin) + len(begin)] + "\n" + new + text[text.index(end):]


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    for name in ("markdown", "html", "svg", "docs"):
        parser.add_argument("--" + name)
    options = parser.parse_args()
    runs = load(options.files)
    if not runs:
        raise SystemExit("no results in " + " ".join(options.files))
    if options.svg:
        for name, group in grouped(runs).items():
            write(f"{options.svg}-{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-')}.svg", svg(name, group))
    if options.html:
        write(options.html, page(runs))
    if options.markdown:
        write(options.markdown, markdown(runs))
    if options.docs:
        with open(options.docs) as f:
            text = f.read()
        write(options.docs, replace_between(text, markdown(runs)))
    if not (options.svg or options.html or options.markdown or options.docs):
        print(markdown(runs), end="")


if __name__ == "__main__":
    main()
