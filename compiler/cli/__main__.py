"""``python -m compiler.cli``: run ``cbp`` from a checkout that is not installed."""

from compiler.cli import main

if __name__ == "__main__":
    main(prog_name="cbp")
