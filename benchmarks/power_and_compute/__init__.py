"""A synthetic power-and-compute LP written four times, to time the building of it; see `benchmarks.build`."""
