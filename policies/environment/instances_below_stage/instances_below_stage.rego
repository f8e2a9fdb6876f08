# METADATA
# title: A stage runs on fewer instances than it needs
# description: >-
#   With one instance, every restart of its node is an outage. A number that is lowered in the specification for a
#   test is lowered for every environment: production has to be told apart.
# custom:
#   id: DEP015
#   severity: error
#   owner: reliability
#   remediation: Raise compute.application_tier.instances.min.
#   section: High Availability, 1. Redundancy
package environment.instances_below_stage

import data.thresholds.least_instances
import rego.v1

examined contains input.spec.compute.application_tier.instances.min

deny contains denial if {
	some instances in examined
	least := least_instances[input.environment.stage]
	instances < least
	denial := {
		"id": "DEP015",
		"message": sprintf(
			"%s may shrink to %d of the %d instances that it needs",
			[input.environment.stage, instances, least],
		),
		"path": ["compute", "application_tier", "instances", "min"],
		"places": [["compute", "application_tier", "instances", "min"]],
		"given": [["environment", "stage"]],
	}
}
