package specification.rollout_cannot_progress_test

import data.specification.rollout_cannot_progress
import rego.v1

update(surge, unavailable) := {"spec": {"orchestration": {"configuration": {
	"replicas": {"min": 2},
	"rolling_update": {"max_surge": surge, "max_unavailable": unavailable},
}}}}

test_either_a_surplus_or_a_missing_pod_is_enough if {
	rollout_cannot_progress.deny == set() with input as update(1, 0)
	rollout_cannot_progress.deny == set() with input as update(0, 1)
}

test_an_update_that_takes_every_pod_is_denied if {
	denials := rollout_cannot_progress.deny with input as update(1, 2)
	{denial.message | some denial in denials} == {concat("", [
		"an update may take down 2 pods, ",
		"and there may be no more than 2 (replicas.min)",
	])}
}

test_an_update_without_room_is_denied if {
	denials := rollout_cannot_progress.deny with input as update(0, 0)
	{denial.path[3] | some denial in denials} == {"max_surge"}
}
