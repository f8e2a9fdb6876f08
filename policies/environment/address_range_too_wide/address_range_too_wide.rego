# METADATA
# title: An address range lets in far more than it names
# description: >-
#   The ranges of an environment and its clusters become the only openings in its network policies. A range as wide
#   as 0.0.0.0/0 makes a policy allow everything, and makes every address a trusted proxy of the API.
# custom:
#   id: DEP007
#   severity: error
#   owner: security
#   remediation: Write the subnets that are meant, each with the longest prefix that holds them.
#   section: Infrastructure Security, 1. Network Security
#   waivable: false
package environment.address_range_too_wide

import data.lib.addresses
import data.thresholds
import rego.v1

examined contains range if some range in addresses.ranges

shortest(range) := thresholds.shortest_prefix[range.family]

deny contains denial if {
	some range in examined
	to_number(split(range.address, "/")[1]) < shortest(range)
	denial := {
		"id": "DEP007",
		"message": sprintf(
			"%s is %s, which is wider than a /%d",
			[range.purpose, range.address, shortest(range)],
		),
		"path": range.path,
	}
}
