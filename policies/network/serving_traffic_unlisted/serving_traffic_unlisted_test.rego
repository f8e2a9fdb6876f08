package network.serving_traffic_unlisted_test

import data.network.serving_traffic_unlisted
import rego.v1

cluster(stage, role) := {
	"environment": {"stage": stage},
	"cluster": {"name": "c", "role": role},
	"spec": {"network": {"segmentation": {"traffic": {"ingress": ["VPN"], "egress": []}}}},
}

test_a_cluster_that_stands_by_outside_of_production_needs_nothing if {
	serving_traffic_unlisted.deny == set() with input as cluster("staging", "recovery")
}

test_everything_that_is_missing_is_denied if {
	denials := serving_traffic_unlisted.deny with input as cluster("production", "primary")
	{[denial.path[3], denial.message] | some denial in denials} == {
		["ingress", "'Load balancer' is not listed, and the cluster c needs it"],
		["egress", "'Dependencies' is not listed, and the cluster c needs it"],
		["egress", "'Monitoring' is not listed, and the cluster c needs it"],
	}
}
