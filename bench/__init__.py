"""How fast this registry is, next to Debian's docker-registry and nginx on the same machine in the same run.

`make bench` measures and prints; `make bench ARGS=--write` also writes the numbers into docs/benchmarks.md.
Absolute numbers belong to a machine and an hour; the ratios are what to compare.
"""
