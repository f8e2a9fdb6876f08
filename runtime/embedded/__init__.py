"""The embedded profile: a real PostgreSQL and a real Valkey as child processes, for a first try and for tests.

Linux only: the kernel ends each process with its parent (``PR_SET_PDEATHSIG``). The servers listen on 127.0.0.1 behind
a random password and keep no data after they stop. They are not for production.
"""
