# METADATA
# title: The number of instances that the service is designed for is out of bounds
# description: >-
#   The optimal number of instances is deployed first, and capacity is reported for it. Outside the autoscaler's
#   bounds it cannot be kept.
# custom:
#   id: CON007
#   severity: error
#   owner: platform
#   remediation: Choose optimal from min to max of compute.application_tier.instances.
#   section: Resource Management, 1. Compute Resources
package specification.optimal_out_of_bounds

import rego.v1

examined contains input.spec.compute.application_tier.instances

within(instances) if {
	instances.min <= instances.optimal
	instances.optimal <= instances.max
}

deny contains denial if {
	some instances in examined
	not within(instances)
	denial := {
		"id": "CON007",
		"message": sprintf(
			"compute.application_tier.instances.optimal is %d, which is not from min (%d) to max (%d)",
			[instances.optimal, instances.min, instances.max],
		),
		"path": ["compute", "application_tier", "instances", "optimal"],
		"places": [["compute", "application_tier", "instances", end] | some end in ["optimal", "max", "min"]],
	}
}
