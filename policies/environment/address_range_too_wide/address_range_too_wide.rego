# METADATA
# title: An address range lets in far more than it names
# description: >-
#   The ranges of an environment become the only holes in its network policies. A range as wide as 0.0.0.0/0 turns the
#   hole into the absence of a wall, and the trusted proxies of the API into everyone.
# custom:
#   id: DEP007
#   severity: error
#   owner: security
#   remediation: Write the subnets that are meant, each with the longest prefix that holds them.
#   section: Infrastructure Security, 1. Network Security
#   waivable: false
package environment.address_range_too_wide

import data.thresholds
import rego.v1

examined contains range if {
	some place, ranges in input.environment.addresses
	some index, address in ranges
	range := {"place": place, "index": index, "address": address, "prefix": to_number(split(address, "/")[1])}
}

shortest(address) := thresholds.shortest_prefix.ipv6 if contains(address, ":")

shortest(address) := thresholds.shortest_prefix.ipv4 if not contains(address, ":")

deny contains denial if {
	some range in examined
	range.prefix < shortest(range.address)
	denial := {
		"id": "DEP007",
		"message": sprintf(
			"%s is %s, which is wider than a /%d",
			[range.place, range.address, shortest(range.address)],
		),
		"path": ["environment", "addresses", range.place, range.index],
	}
}
