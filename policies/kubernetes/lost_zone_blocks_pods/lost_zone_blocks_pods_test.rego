package kubernetes.lost_zone_blocks_pods_test

import data.kubernetes.lost_zone_blocks_pods
import rego.v1

pooler(constraint) := {"documents": [{"file": "p.yaml", "object": {
	"kind": "Pooler",
	"metadata": {"name": "p"},
	"spec": {"template": {"spec": {"topologySpreadConstraints": [constraint]}}},
}}]}

test_a_preference_blocks_nothing if {
	lost_zone_blocks_pods.examined == set() with input as pooler({"whenUnsatisfiable": "ScheduleAnyway"})
}

test_each_fault_of_an_operators_resource_is_denied_where_it_stands if {
	denials := lost_zone_blocks_pods.deny with input as pooler({"minDomains": 3})
	{[denial.pointer, denial.message] | some denial in denials} == {
		[
			"/spec/template/spec/topologySpreadConstraints/0",
			"a lost zone blocks new pods of the Pooler p: nodeTaintsPolicy is not Honor",
		],
		[
			"/spec/template/spec/topologySpreadConstraints/0",
			"a lost zone blocks new pods of the Pooler p: minDomains is 3",
		],
	}
}
