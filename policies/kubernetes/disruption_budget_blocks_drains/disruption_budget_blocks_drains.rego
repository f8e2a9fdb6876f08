# METADATA
# title: A disruption budget lets no node be drained
# description: >-
#   A budget that allows no eviction stops every upgrade of a node until somebody deletes it in the middle of the night.
# custom:
#   id: K8S010
#   severity: error
#   owner: reliability
#   remediation: Let at least one pod be evicted, with maxUnavailable of 1 or minAvailable below the fewest replicas.
#   section: Deployment Configuration, 2. Orchestration
package kubernetes.disruption_budget_blocks_drains

import data.lib.kubernetes
import rego.v1

examined contains budget if {
	some budget in kubernetes.objects
	budget.kind == "PodDisruptionBudget"
}

deny contains denial if {
	some budget in examined
	object.get(budget.spec, "maxUnavailable", 1) in {0, "0%"}
	denial := {
		"id": "K8S010",
		"message": sprintf("the budget %s never lets a pod be evicted (maxUnavailable is 0)", [budget.name]),
		"path": ["orchestration", "configuration", "replicas"],
		"file": budget.file,
		"pointer": "/spec/maxUnavailable",
	}
}

deny contains denial if {
	some budget in examined
	least := input.spec.orchestration.configuration.replicas.min
	kept := object.get(budget.spec, "minAvailable", 0)
	blocks(kept, least)
	denial := {
		"id": "K8S010",
		"message": sprintf("the budget %s keeps %v pods, and there may be no more than %d", [budget.name, kept, least]),
		"path": ["orchestration", "configuration", "replicas", "min"],
		"file": budget.file,
		"pointer": "/spec/minAvailable",
	}
}

blocks(kept, least) if {
	is_number(kept)
	kept >= least
}

blocks(kept, _) if kept == "100%"
