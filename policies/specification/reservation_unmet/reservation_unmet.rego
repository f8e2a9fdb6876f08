# METADATA
# title: The smallest application tier is below its reservation
# description: >-
#   The reservation has to be there at the quietest hour: the smallest number of instances, each with its request,
#   adds up to no less. Otherwise the first burst of the morning waits for nodes.
# custom:
#   id: CON010
#   severity: error
#   owner: platform
#   remediation: Raise instances.min or what one instance requests (min), or reserve less.
#   section: Resource Management, 1. Compute Resources
package specification.reservation_unmet

import data.lib.units
import rego.v1

examined contains reservation if {
	tier := input.spec.compute.application_tier
	some resource, amounts in tier.resources
	reservation := {
		"resource": resource,
		"instances": tier.instances.min,
		"requested": amounts.min,
		"reserved": amounts.reserved,
	}
}

deny contains denial if {
	some reservation in examined
	total := reservation.instances * reservation.requested
	total < reservation.reserved
	denial := {
		"id": "CON010",
		"message": sprintf(
			"%d x %s of %s at the least (instances.min x min) are %s, but %s are reserved",
			[
				reservation.instances,
				units.resource(reservation.resource, reservation.requested),
				reservation.resource,
				units.resource(reservation.resource, total),
				units.resource(reservation.resource, reservation.reserved),
			],
		),
		"path": ["compute", "application_tier", "resources", reservation.resource, "reserved"],
		"places": [
			["compute", "application_tier", "resources", reservation.resource, "reserved"],
			["compute", "application_tier", "resources", reservation.resource, "min"],
			["compute", "application_tier", "instances", "min"],
		],
		"excess": reservation.reserved - total,
	}
}
