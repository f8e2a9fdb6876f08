"""A claim grows when its space is used as far as the specification says."""

from __future__ import annotations

import pytest

from compiler.emit.kubernetes.common.volume_growth import growing
from compiler.model.units import Bytes
from tests.compiler.project import changed, site


@pytest.mark.parametrize(("used", "free"), [("80%", "20%"), ("100%", "0%"), ("1%", "99%")])
def test_what_may_be_used_is_said_as_what_has_to_stay_free(used: str, free: str) -> None:
    stated = changed({"auto_scaling.database.storage.triggers.usage.target": used})
    annotations = growing(site(stated), Bytes.parse("1TB"))
    assert annotations == {
        "resize.topolvm.io/threshold": free,
        "resize.topolvm.io/inodes-threshold": free,
        "resize.topolvm.io/increase": "20%",
        "resize.topolvm.io/storage_limit": "1Ti",
    }


def test_a_volume_that_will_be_a_copy_starts_as_large_as_the_largest_of_its_group() -> None:
    annotations = growing(site(), Bytes.parse("1TB"), group_by="cnpg.io/pvcRole")
    assert annotations["resize.topolvm.io/initial-resize-group-by"] == "cnpg.io/pvcRole"


def test_volumes_grow_where_the_data_layer_scales_vertically() -> None:
    for word in ("Horizontal", "Vertical", "Vertical + Horizontal"):
        stated = changed({"components.data_layer.scaling.type": word})
        assert bool(growing(site(stated), Bytes.parse("1TB"))) == ("Vertical" in word)
