package kubernetes.zone_spread_missing_test

import data.kubernetes.zone_spread_missing
import rego.v1

deployment(zone_spread) := {
	"spec": {"orchestration": {"configuration": {"affinity": {"zone_spread": zone_spread}}}},
	"documents": [{"file": "d.yaml", "object": {
		"kind": "Deployment",
		"metadata": {"name": "d"},
		"spec": {"template": {"spec": {}}},
	}}],
}

test_what_is_not_asked_for_is_not_needed if zone_spread_missing.deny == set() with input as deployment(false)

test_pods_without_a_constraint_are_denied_where_it_was_asked_for if {
	denials := zone_spread_missing.deny with input as deployment(true)
	{[denial.path[3], denial.message] | some denial in denials} == {[
		"zone_spread",
		"the pods of the Deployment d need not be spread over zones",
	]}
}
