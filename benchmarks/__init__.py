"""Benchmarks of the compiler and the API, which back the project's claims about speed."""
