"""Run ``cbp`` from a checkout that is not installed: ``python -m compiler.cli``."""

from compiler.cli import main

main(prog_name="cbp")
