"""Importer of a Markdown document: its fenced blocks of YAML become the files of ``spec/`` (``cbp import``)."""
