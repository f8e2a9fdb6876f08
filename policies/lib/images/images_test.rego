package lib.images_test

import data.lib.images
import rego.v1

test_the_api_s_image_and_those_of_the_stores_are_stated if {
	found := images.stated with input as {
		"environment": {"image": {"repository": "r/api"}},
		"spec": {"containers": {"images": {"valkey": {"repository": "r/valkey"}}}},
	}
	{[item.image.repository, item.path] | some item in found} == {
		["r/api", ["environment", "image"]],
		["r/valkey", ["containers", "images", "valkey"]],
	}
}

test_node_exporter_is_stated_where_a_platform_has_none if {
	every has_own in [true, false] {
		found := images.stated with input as {
			"environment": {"image": {}, "clusters": {"a": {"node_metrics": true}, "b": {"node_metrics": has_own}}},
			"spec": {"containers": {"images": {"node_exporter": {}}}},
		}
		count({item | some item in found; item.name == "node_exporter"}) == count({true} - {has_own})
	}
}

test_blackbox_exporter_is_stated_where_probes_call_from_somewhere if {
	every case in [[null, 0], [["10.0.0.0/24"], 1]] {
		clusters := {"a": {"addresses": {"probes": null}}, "b": {"addresses": {"probes": case[0]}}}
		found := images.stated with input as {
			"environment": {"image": {}, "clusters": clusters},
			"spec": {"containers": {"images": {"blackbox_exporter": {}}}},
		}
		count({item | some item in found; item.name == "blackbox_exporter"}) == case[1]
	}
}

test_a_fix_is_in_later_versions_of_its_series_and_in_later_series if {
	releases := ["8.1.9", "9.0.5", "9.1.1"]
	every version in ["8.1.9", "8.1.10", "9.0.5", "9.1.3", "9.2.0", "10.0.0"] {
		images.fixed(version, releases)
	}
	old := {version | some version in ["7.0.15", "8.0.9", "8.1.8", "8.2.0", "9.1.0"]; images.fixed(version, releases)}
	old == set()
}
