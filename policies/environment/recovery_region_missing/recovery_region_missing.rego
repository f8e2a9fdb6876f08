# METADATA
# title: There is no other region to recover in
# description: >-
#   Redundancy over several regions is promised, and the recovery plan deploys to another one. With every cluster in one
#   region, losing it is the end of the plan.
# custom:
#   id: DEP005
#   severity: error
#   owner: reliability
#   remediation: Add a cluster with role recovery in another region.
#   section: High Availability, 1. Redundancy
package environment.recovery_region_missing

import rego.v1

examined contains regions if {
	input.environment.stage == "production"
	"Multiple regions" in input.spec.redundancy.application.deployment
	regions := {cluster.region | some cluster in input.environment.clusters}
}

deny contains denial if {
	some regions in examined
	count(regions) < 2
	denial := {
		"id": "DEP005",
		"message": sprintf("every cluster of production is in %s", [concat("", regions)]),
		"path": ["environment", "clusters"],
		"places": [["environment", "clusters"], ["redundancy", "application", "deployment"]],
		"given": [["environment", "stage"]],
	}
}
