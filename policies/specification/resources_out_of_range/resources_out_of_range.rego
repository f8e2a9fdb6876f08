# METADATA
# title: An instance is larger or smaller than its tier allows
# description: >-
#   The limits of the application's container lie within the range of one instance of its tier, and so does the
#   reservation of each instance of the database. Outside, the cluster's limits refuse a pod, or the pod lacks room.
# custom:
#   id: CON011
#   severity: error
#   owner: platform
#   remediation: Choose an amount from min to max of the tier, or change the tier's range.
#   section: Deployment Configuration, 1. Container Configuration
package specification.resources_out_of_range

import data.lib.statements
import data.lib.units
import rego.v1

resources := ["cpu", "memory"]

examined contains amount if {
	some resource in resources
	amount := {
		"resource": resource,
		"stated": statements.at(["containers", "application", "resource_limits", resource]),
		"tier": ["compute", "application_tier", "resources", resource],
		"range": input.spec.compute.application_tier.resources[resource],
	}
}

examined contains amount if {
	some resource in resources
	amount := {
		"resource": resource,
		"stated": statements.at(["compute", "database_tier", "resources", resource, "reserved"]),
		"tier": ["compute", "database_tier", "resources", resource],
		"range": input.spec.compute.database_tier.resources[resource],
	}
}

within(value, range) if {
	range.min <= value
	value <= range.max
}

deny contains denial if {
	some amount in examined
	value := amount.stated.value
	range := amount.range
	not within(value, range)
	denial := {
		"id": "CON011",
		"message": sprintf(
			"%s is %s, which is not from %s to %s",
			[
				amount.stated.name,
				units.resource(amount.resource, value),
				units.resource(amount.resource, range.min),
				units.resource(amount.resource, range.max),
			],
		),
		"path": amount.stated.path,
		"places": array.concat([amount.stated.path], [array.concat(amount.tier, [end]) | some end in ["max", "min"]]),
	}
}
