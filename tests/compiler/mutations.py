"""Ways to spoil a file: its bytes, as an accident would, and its values, as somebody with bad intentions would."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import strategies as st

Tree = Any
"""What a YAML file holds: mappings, lists and text."""

_TOKENS = (
    *(b"\0", b"\x07", b"\x7f", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\t", b"\r", b"\n", b"\n\n", b"  "),
    *("\x85".encode(), "\u2028".encode(), "\ufeff".encode(), "\u202e".encode(), "\U0001f4a9".encode(), b"\\ud800"),
    *(b": ", b":", b"- ", b"? ", b", ", b"{", b"}", b"[", b"]", b"{{ x }}", b"[" * 50, b"{a: " * 50, b"- " * 50),
    *(
        b"&a ",
        b"*a",
        b"<<: ",
        b"<<: *a\n",
        b"!",
        b"!!binary ",
        b"!!python/object/apply:os.abort []",
        b"!<x> ",
        b"!!int ",
    ),
    *(b"'", b'"', b"#", b" #", b"|\n", b">-\n", b"|9\n", b"%YAML 9.9\n", b"---\n", b"...\n", b"@", b"`", b"~", b"null"),
    *(b"Configurable", b"9" * 5_000, b"-1", b"0x10", b"1e999", b".nan", b"yes", b"x" * 5_000),
)
_VALUES = (
    *(
        "",
        " ",
        "Configurable",
        "configurable",
        "null",
        "~",
        "true",
        "no",
        "-",
        "-1",
        "0",
        "1",
        "2",
        "5",
        "65535",
        "65536",
    ),
    *("9" * 400, "9" * 18, "1e999", ".inf", "0x10", "0o17", "012", "1_000", "1.5", "\u0661", "\uff11", "1\n", "\n"),
    *(
        "0%",
        "1%",
        "100%",
        "101%",
        "99% utilization",
        "1s",
        "999999999 days",
        "1 second",
        "5m",
        "0.001 cores",
        "999999 cores",
    ),
    *("1B", "1.5GB", "8000TB", "9007199254740991B", "1 req/min", "100000000/min", "999999999/s", "Daily", "Enabled"),
    *(
        "0.0.0.0/0",
        "::/0",
        "10.0.0.1/24",
        "10.0.0.0/33",
        "fe80::%eth0/64",
        "1.31",
        "1.35",
        "1.99",
        "sha256:" + "0" * 64,
    ),
    *("argocd", "schemas", "..", "../../etc/passwd", "/", "/health", "//", "/%2e%2e", "a" * 40, "a" * 5_000, "x.md"),
    *("${HOME}", "{{ x }}", "{% x %}", "`id`", "$(id)", "'; --", '"', "\\", "\0", "\x1b[31m", "\u202e", "\U0001f4a9"),
)
_KINDS: tuple[Tree, ...] = ({}, [], {"a": "b"}, ["a"], [["a"]], {"": ""}, ["Configurable"], [{}], {"<<": {"a": "b"}})

_WORDS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=8).map(str.encode)


@st.composite
def spoilt_bytes(draw: st.DrawFn, content: bytes) -> bytes:
    """Return the bytes of a file with a few spans removed, repeated, moved or replaced by what is special to YAML."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 40)))
        span = draw(st.sampled_from((b"", content[start:end] * 2, *_TOKENS)) | _WORDS)
        target = draw(st.sampled_from((start, 0, len(content))))
        content = content[:start] + content[end:]
        content = content[:target] + span + content[target:]
    return content


@st.composite
def spoilt_values(draw: st.DrawFn, content: bytes) -> bytes:
    """Return a YAML file with a few of its values replaced, and keys removed, renamed, added or moved."""
    tree: Tree = yaml.load(content, yaml.BaseLoader)  # noqa: S506 - makes text, lists and mappings alone
    for _ in range(draw(st.integers(1, 3))):
        tree = _spoilt(draw, tree)
    return yaml.safe_dump(tree, allow_unicode=draw(st.booleans()), default_flow_style=None).encode()


def _spoilt(draw: st.DrawFn, tree: Tree) -> Tree:
    """Go down to any place of a tree, and change what is there."""
    if not isinstance(tree, dict | list) or not tree or draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from((*_VALUES, *_KINDS)) | st.text(max_size=8))
    if isinstance(tree, list):
        index = draw(st.integers(0, len(tree) - 1))
        changed = (
            draw(st.sampled_from(([], [tree[index]] * 2))) if draw(st.booleans()) else [_spoilt(draw, tree[index])]
        )
        return [*tree[:index], *changed, *tree[index + 1 :]]
    key = draw(st.sampled_from(sorted(tree)))
    if draw(st.integers(0, 4)):
        return {**tree, key: _spoilt(draw, tree[key])}
    name = draw(st.sampled_from((*tree, f"{key}s", key.upper(), *_VALUES)))
    return {other: value for other, value in tree.items() if other != key} | (
        {name: tree[key]} if draw(st.booleans()) else {}
    )
