package specification.redundancy_unmet_test

import data.specification.redundancy_unmet
import rego.v1

redundancy(deployment, replication) := {"spec": {
	"redundancy": {"application": {"deployment": deployment}, "data": {"replication": replication}},
	"compute": {
		"application_tier": {"instances": {"min": 1}},
		"database_tier": {"instances": {"replicas": {"min": 1}}},
	},
	"orchestration": {"configuration": {"affinity": {"zone_spread": false}}},
}}

test_what_is_not_promised_is_not_needed if {
	redundancy_unmet.deny == set() with input as redundancy(["Multiple regions"], ["Asynchronous secondary"])
}

test_every_broken_promise_is_denied_where_the_number_is if {
	document := redundancy(["Multiple instances", "Multiple zones"], ["Synchronous primary"])
	denials := redundancy_unmet.deny with input as document
	{concat(".", denial.path) | some denial in denials} == {
		"compute.application_tier.instances.min",
		"compute.database_tier.instances.replicas.min",
		"orchestration.configuration.affinity.zone_spread",
	}
}
