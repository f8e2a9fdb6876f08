"""A claim grows when its space is used as far as the specification says."""

from __future__ import annotations

import pytest

from compiler.emit.kubernetes.common.volume_growth import growing
from compiler.model.units import Bytes, Percent


@pytest.mark.parametrize(("used", "free"), [("80%", "20%"), ("100%", "0%"), ("1%", "99%")])
def test_what_may_be_used_is_said_as_what_has_to_stay_free(used: str, free: str) -> None:
    annotations = growing(Percent.parse(used), Bytes.parse("1TB"))
    assert annotations == {
        "resize.topolvm.io/threshold": free,
        "resize.topolvm.io/inodes-threshold": free,
        "resize.topolvm.io/increase": "20%",
        "resize.topolvm.io/storage_limit": "1Ti",
    }


def test_a_volume_that_will_be_a_copy_starts_as_large_as_the_largest_of_its_group() -> None:
    annotations = growing(Percent.parse("80%"), Bytes.parse("1TB"), group_by="cnpg.io/pvcRole")
    assert annotations["resize.topolvm.io/initial-resize-group-by"] == "cnpg.io/pvcRole"
