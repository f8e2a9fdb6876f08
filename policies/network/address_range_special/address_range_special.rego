# METADATA
# title: An address range belongs to no network
# description: >-
#   Loopback, link-local, multicast and reserved addresses belong to no network. At the link-local 169.254.169.254
#   clouds hand a pod the credentials of its node: a policy that opens it gives them away.
# custom:
#   id: NET005
#   severity: error
#   owner: security
#   remediation: Write the range of the network that is meant.
#   section: Infrastructure Security, 1. Network Security
package network.address_range_special

import data.lib.addresses
import data.thresholds
import rego.v1

examined contains range if some range in addresses.ranges

# A node answers names at a link-local address of its own, which is none of those that give credentials away.
answers_names(range) if {
	range.purpose == "dns"
	address := range.address
	net.cidr_contains("169.254.0.0/16", address)
	endswith(address, "/32")
	count({address} & {taken | some taken in thresholds.credential_addresses}) == 0
}

overlap(left, right) if net.cidr_contains(left, right)

overlap(left, right) if net.cidr_contains(right, left)

deny contains denial if {
	some range in examined
	not answers_names(range)
	some name, special in thresholds.special_ranges
	some reserved in special
	addresses.family(reserved) == range.family
	overlap(reserved, range.address)
	denial := {
		"id": "NET005",
		"message": sprintf("%s is %s, of the %s addresses %s", [range.purpose, range.address, name, reserved]),
		"path": range.path,
	}
}
