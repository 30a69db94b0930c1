"""The benchmark: our server and a floor made by hand, side by side on one machine; ``make bench`` (docs/benchmark.md)."""
