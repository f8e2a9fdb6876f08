package specification.redundancy_unstated_test

import data.specification.redundancy_unstated
import rego.v1

service(deployment, failover, instances, away) := {
	"spec": {
		"redundancy": {
			"application": {"deployment": deployment, "failover": failover},
			"data": {"replication": ["Synchronous primary"]},
		},
		"compute": {"application_tier": {"instances": {"min": instances}}},
		"orchestration": {"configuration": {
			"affinity": {"zone_spread": true},
			"rolling_update": {"max_unavailable": away},
		}},
	},
	"environment": {"clusters": {"a": {"region": "here"}, "b": {"region": "there"}}},
}

missing(document) := {concat(": ", [concat(".", denial.path), denial.message]) |
	denials := redundancy_unstated.deny with input as document
	some denial in denials
}

test_what_is_there_and_promised_passes if {
	missing(service(
		["Multiple instances", "Multiple zones", "Multiple regions"],
		["Zero-downtime switch", "State preservation"],
		2, 0,
	)) == set()
}

test_what_is_not_there_needs_no_promise if {
	missing(service(["Multiple zones", "Multiple regions"], ["State preservation"], 1, 1)) == set()
}

test_everything_that_is_there_has_to_be_promised if {
	count(missing(service([], [], 2, 0))) == 5
}
