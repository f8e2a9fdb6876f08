package kubernetes.disruption_budget_blocks_drains_test

import data.kubernetes.disruption_budget_blocks_drains
import rego.v1

budget(spec) := {
	"spec": {"orchestration": {"configuration": {"replicas": {"min": 2}}}},
	"documents": [{"file": "b.yaml", "object": {
		"kind": "PodDisruptionBudget",
		"metadata": {"name": "b"},
		"spec": spec,
	}}],
}

test_one_pod_may_go if {
	disruption_budget_blocks_drains.deny == set() with input as budget({"maxUnavailable": 1})
	disruption_budget_blocks_drains.deny == set() with input as budget({"minAvailable": "50%"})
}

test_no_pod_may_go_in_either_spelling if {
	every spec in [{"maxUnavailable": 0}, {"maxUnavailable": "0%"}, {"minAvailable": 2}, {"minAvailable": "100%"}] {
		count(disruption_budget_blocks_drains.deny) == 1 with input as budget(spec)
	}
}

test_the_message_holds_both_numbers if {
	denials := disruption_budget_blocks_drains.deny with input as budget({"minAvailable": 3})
	{denial.message | some denial in denials} == {"the budget b keeps 3 pods, and there may be no more than 2"}
}
