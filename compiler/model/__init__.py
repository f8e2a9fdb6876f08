"""The typed specification: frozen models, one module for each section. Models judge one value each."""
