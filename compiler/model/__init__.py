"""The typed specification: frozen models, one module for each section. A model checks single values, no relations."""
