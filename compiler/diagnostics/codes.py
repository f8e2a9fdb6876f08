"""Codes of the compiler's own findings, each with its meaning."""

from __future__ import annotations

from enum import StrEnum
from typing import NewType, Self

RuleId = NewType("RuleId", str)
"""The id of a policy rule, which its METADATA states."""


class Code(StrEnum):
    """The code of a kind of mistake, such as ``SPEC014``."""

    meaning: str
    """The mistake in one line, without a capital or a full stop."""

    def __new__(cls, name: str, meaning: str) -> Self:
        """Return the member with a name and a meaning."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.meaning = meaning
        return member

    @property
    def family(self) -> str:
        """The letters at its start, such as ``SPEC``."""
        return self.rstrip("0123456789")

    YAML001 = "YAML001", "the file is not valid YAML"
    YAML002 = "YAML002", "the file is not UTF-8 text"
    YAML003 = "YAML003", "the file is empty"
    YAML004 = "YAML004", "the file holds more than one document"
    YAML005 = "YAML005", "a key is written twice in one mapping"
    YAML006 = "YAML006", "a key is not a plain name"
    YAML007 = "YAML007", "a tag asks for another type"
    YAML008 = "YAML008", "a tab indents a line"
    YAML009 = "YAML009", "the file is too large, too deep, or its aliases expand to too much"
    YAML010 = "YAML010", "a merge key merges something other than mappings"
    YAML011 = "YAML011", "an alias has no anchor"
    YAML012 = "YAML012", "the file holds the markers of a merge conflict"
    FILE001 = "FILE001", "a file of the specification is missing"
    FILE002 = "FILE002", "a file is not one that the compiler reads"
    FILE003 = "FILE003", "a file or a folder is of another kind, such as a link, or cannot be read"
    FILE004 = "FILE004", "there is no environment"
    FILE005 = "FILE005", "an environment of that name does not exist"
    FILE006 = "FILE006", "a file or a folder has more mistakes than are listed"
    FILE007 = "FILE007", "a file holds a credential"
    SPEC001 = "SPEC001", "a key is missing"
    SPEC002 = "SPEC002", "a key is unknown"
    SPEC003 = "SPEC003", "a value is not one of the supported choices"
    SPEC004 = "SPEC004", "a mapping, a list or a single value is expected and something else is there"
    SPEC005 = "SPEC005", "a value is missing behind its key"
    SPEC006 = "SPEC006", "a list is empty, names something twice, or leaves out what is fixed"
    SPEC010 = "SPEC010", "a whole number cannot be read or is out of range"
    SPEC011 = "SPEC011", "an amount of CPU cannot be read"
    SPEC012 = "SPEC012", "an amount of memory or storage cannot be read"
    SPEC013 = "SPEC013", "a duration cannot be read"
    SPEC014 = "SPEC014", "a rate cannot be read"
    SPEC015 = "SPEC015", "a percentage cannot be read"
    SPEC016 = "SPEC016", "a flag is neither true nor false"
    SPEC017 = "SPEC017", "a path, name, image, address range or version cannot be read"
    SPEC018 = "SPEC018", "a port cannot be read or is out of range"
    SPEC019 = "SPEC019", "a date cannot be read"
    SPEC020 = "SPEC020", "a document that the specification refers to is absent"
    SPEC021 = "SPEC021", "a file of the checkout repeats the value, and says another"
    ENV001 = "ENV001", "a placeholder of the specification is not filled"
    ENV002 = "ENV002", "an overlay patches what the specification does not have"
    ENV003 = "ENV003", "two overlays of one environment patch the same value"
    ENV004 = "ENV004", "an overlay adds a placeholder"
    ENV005 = "ENV005", "an environment's name is not its folder's name"
    ENV006 = "ENV006", "an environment is gone that is deployed"
    ENV007 = "ENV007", "an overlay repeats a value of the specification"
    DOC001 = "DOC001", "a document holds no block of YAML"
    DOC002 = "DOC002", "a block of YAML in a document is not closed"
    DOC003 = "DOC003", "a list in a document has no key: it stands beside keys, or in their place"
    DOC004 = "DOC004", "the specification departs from a value of a document, as a decision records"
    WVR001 = "WVR001", "a waiver has expired"
    WVR002 = "WVR002", "a waiver was granted for more than 90 days"
    WVR003 = "WVR003", "a waiver is granted in the future, or ends before it begins"
    WVR004 = "WVR004", "a waiver is stale: there is nothing left to waive"
    WVR005 = "WVR005", "a waiver names an unknown rule"
    WVR006 = "WVR006", "a waiver is about something that its environment does not have"
    WVR007 = "WVR007", "two waivers are about the same"
    WVR008 = "WVR008", "a waiver names a rule that cannot be waived"
    ACKN001 = "ACKN001", "an acknowledgement of a transition is older than 90 days"
    ACKN002 = "ACKN002", "an acknowledgement was granted in the future"
    ACKN003 = "ACKN003", "an acknowledgement is about a transition that is done, or is not made"
    ACKN004 = "ACKN004", "an acknowledgement is about another transition than is made"
    ACKN005 = "ACKN005", "an acknowledgement names a rule that judges no transition"
    ACKN006 = "ACKN006", "two acknowledgements are about the same"
    COVER001 = "COVER001", "a statement that was enforced is enforced by nothing any more"
    SCHEMA001 = "SCHEMA001", "a rendered document does not satisfy its schema"
    SCHEMA002 = "SCHEMA002", "there are no core schemas for that Kubernetes version"
    SCHEMA003 = "SCHEMA003", "there is no schema for a kind of custom resource, and --require-schemas asks for one"
    GEN001 = "GEN001", "a generated file is stale: the specification says something else by now"
    GEN002 = "GEN002", "a generated file was edited by hand"
    GEN003 = "GEN003", "a generated file is missing"
    GEN004 = "GEN004", "a file under generated/ is an orphan: nothing produces it"
    GEN005 = "GEN005", "a path under generated/ is a link, or leads outside"
    GEN006 = "GEN006", "files under generated/ end their lines with CRLF"
    GEN007 = "GEN007", "a generated file holds the markers of a merge conflict"
