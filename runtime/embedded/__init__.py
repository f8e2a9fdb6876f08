"""The embedded profile: a real PostgreSQL and a real Valkey, as child processes, for a newcomer and for the tests.

Linux only: that no process outlives its parent is a promise of the kernel's (``PR_SET_PDEATHSIG``). Everything listens
on 127.0.0.1 behind a random password, keeps nothing after it stops, and is no way to run production.
"""
