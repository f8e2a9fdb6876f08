# METADATA
# title: A stage runs on fewer instances than it needs
# description: >-
#   One instance is an outage at every restart of its node. Whoever lowers the number for a test lowers it for every
#   environment: production has to be told apart.
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
	}
}
