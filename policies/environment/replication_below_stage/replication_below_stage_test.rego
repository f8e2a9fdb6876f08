package environment.replication_below_stage_test

import data.environment.replication_below_stage
import rego.v1

listed(stage, kinds) := {"environment": {"stage": stage}, "spec": {"redundancy": {"data": {"replication": kinds}}}}

test_development_may_lose_its_data if replication_below_stage.deny == set() with input as listed("development", [])

test_production_may_not if {
	denials := replication_below_stage.deny with input as listed("production", ["Asynchronous secondary"])
	{denial.message | some denial in denials} == {
		"production needs 'Synchronous primary', which is not listed",
		"production needs 'Point-in-time recovery', which is not listed",
	}
}
