package specification.redundancy_unmet_test

import data.specification.redundancy_unmet
import rego.v1

redundancy(deployment, replication) := failing(deployment, [], replication)

failing(deployment, failover, replication) := {"spec": {
	"redundancy": {"application": {"deployment": deployment, "failover": failover}, "data": {"replication": replication}},
	"compute": {
		"application_tier": {"instances": {"min": 1}},
		"database_tier": {"instances": {"replicas": {"min": 1}}},
	},
	"orchestration": {"configuration": {"affinity": {"zone_spread": false}, "rolling_update": {"max_unavailable": 1}}},
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

test_a_switch_without_downtime_and_without_loss_needs_pods_and_a_standby if {
	denials := redundancy_unmet.deny with input as failing([], ["Zero-downtime switch", "State preservation"], [])
	{denial.message | some denial in denials} == {
		"redundancy promises a switch without downtime, but 1 pods may be away in an update",
		"redundancy promises that a failover preserves the state, but no standby has every commit",
	}
}
