"""The compiler: YAML in ``spec/`` and ``environments/`` to everything under ``generated/``."""
