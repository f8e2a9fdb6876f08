"""Unit types: they parse the specification's spellings, hold integers, compare exactly and print canonically."""

from compiler.model.units.amounts import Bytes, Cores
from compiler.model.units.numbers import Count, Flag, Percent, Port, Whole
from compiler.model.units.times import Duration, Rate, Schedule

__all__ = ["Bytes", "Cores", "Count", "Duration", "Flag", "Percent", "Port", "Rate", "Schedule", "Whole"]
