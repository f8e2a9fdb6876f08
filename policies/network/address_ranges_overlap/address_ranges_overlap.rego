# METADATA
# title: Two purposes share addresses
# description: >-
#   A range that serves two purposes gives each the ports of the other: clients of the VPN would be trusted proxies, and
#   a pooler that may ask the cluster's API could write to the object store. No policy can tell the two apart any more.
# custom:
#   id: NET004
#   severity: error
#   owner: security
#   remediation: Give each purpose the range that belongs to it alone.
#   section: Infrastructure Security, 1. Network Security
package network.address_ranges_overlap

import data.lib.addresses
import rego.v1

examined contains range if some range in addresses.ranges

# Clouds give pods addresses of their nodes' subnets, and no policy is made of those that probes call from.
shared := {"nodes", "probes"}

deny contains denial if {
	some range in examined
	some other in examined
	range.family == other.family
	range.purpose != other.purpose
	{range.purpose, other.purpose} != shared
	net.cidr_contains(other.address, range.address)
	first(range, other)
	denial := {
		"id": "NET004",
		"message": sprintf(
			"%s %s lies in %s %s",
			[range.purpose, range.address, other.purpose, other.address],
		),
		"path": range.path,
		"places": [range.path, other.path],
	}
}

# Of two equal ranges the one whose purpose comes later in the alphabet is denied, so that they are denied once.
first(range, other) if range.address != other.address

first(range, other) if {
	range.address == other.address
	range.purpose > other.purpose
}
