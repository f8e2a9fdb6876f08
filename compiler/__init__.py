"""The compiler from YAML in ``spec/`` and ``environments/`` to the files under ``generated/``."""
