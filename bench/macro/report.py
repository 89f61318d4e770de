#!/usr/bin/env python3
"""Turns JSON files of ruvector_bench into a Markdown table and an SVG of recall against latency.

usage: report.py FILE.json... [--svg OUT.svg]
"""
import json
import sys


def load(paths):
    runs = []
    for path in paths:
        with open(path) as f:
            runs += [json.loads(line) for line in f if line.strip()]
    return runs


def name_of(run):
    return f"{run['extension']} {run['version']}" + (f", {run['index'].split('(')[0].strip()}" if run.get("index") else ", exact")


def table(runs):
    out = ["| | rows x dim | setting | recall | p50 ms | p99 ms | CPU ms | build s | index MB |", "|---|---|---|---|---|---|---|---|---|"]
    for run in runs:
        for r in run["results"]:
            build = f"{run['build_s']:.1f}" if "build_s" in run else ""
            size = f"{run['index_bytes'] / 1e6:.0f}" if "index_bytes" in run else ""
            out.append(f"| {name_of(run)} | {run['rows']:.0f} x {run['dim']:.0f} | {r['setting']} | {r['recall']:.4f} | "
                       f"{r['p50_ms']:.2f} | {r['p99_ms']:.2f} | {r['cpu_ms']:.2f} | {build} | {size} |")
    return "\n".join(out)


def svg(runs):
    width, height, margin = 720, 420, 60
    points = [(name_of(run), r["recall"], r["p50_ms"]) for run in runs for r in run["results"]]
    low = min(p[1] for p in points)
    top = max(p[2] for p in points) * 1.1
    x = lambda recall: margin + (recall - low) / max(1 - low, 1e-9) * (width - 2 * margin)
    y = lambda ms: height - margin - ms / top * (height - 2 * margin)
    colours = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e"]
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="12">',
             f'<rect width="{width}" height="{height}" fill="white"/>',
             f'<path d="M{margin},{margin} V{height - margin} H{width - margin}" stroke="black" fill="none"/>',
             f'<text x="{width / 2}" y="{height - 15}">recall ({low:.3f} to 1)</text>',
             f'<text x="10" y="{margin - 20}">p50 ms (to {top:.2f})</text>']
    for i, name in enumerate(dict.fromkeys(p[0] for p in points)):
        colour = colours[i % len(colours)]
        mine = sorted((x(r), y(ms)) for n, r, ms in points if n == name)
        parts.append(f'<polyline points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in mine)}" fill="none" stroke="{colour}"/>')
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>' for a, b in mine]
        parts.append(f'<text x="{margin + 20}" y="{margin + 16 * i}" fill="{colour}">{name}</text>')
    return "\n".join(parts + ["</svg>"])


def main(arguments):
    out = None
    if "--svg" in arguments:
        at = arguments.index("--svg")
        out = arguments[at + 1]
        arguments = arguments[:at] + arguments[at + 2:]
    if not arguments:
        sys.exit(__doc__)
    runs = load(arguments)
    print(table(runs))
    if out:
        with open(out, "w") as f:
            f.write(svg(runs) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
