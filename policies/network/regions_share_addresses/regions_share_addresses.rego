# METADATA
# title: Clusters in two regions share addresses
# description: >-
#   A load balancer, an API server and the endpoint of an object store are in the networks of their own region. With
#   a range of another region the policies let strangers in and keep these out: the cluster fails when it has to
#   serve.
# custom:
#   id: NET010
#   severity: error
#   owner: platform
#   remediation: Write the ranges of the cluster's own region.
#   section: Infrastructure Security, 1. Network Security
package network.regions_share_addresses

import data.lib.addresses
import rego.v1

regional := {"kubernetes_api", "load_balancer", "nodes", "object_store"}

examined contains pair if {
	some purpose, ranges in addresses.stated(input.cluster.addresses)
	purpose in regional
	some index, address in ranges
	some name, other in input.environment.clusters
	other.region != input.cluster.region
	theirs := addresses.stated(other.addresses)[purpose]
	pair := {"purpose": purpose, "index": index, "address": address, "name": name, "others": theirs}
}

overlap(left, right) if net.cidr_contains(left, right)

overlap(left, right) if net.cidr_contains(right, left)

deny contains denial if {
	some pair in examined
	some index, theirs in pair.others
	contains(theirs, ":") == contains(pair.address, ":")
	overlap(theirs, pair.address)
	denial := {
		"id": "NET010",
		"message": sprintf(
			"%s %s overlaps with %s of %s, in another region",
			[pair.purpose, pair.address, theirs, pair.name],
		),
		"path": ["environment", "clusters", input.cluster.name, "addresses", pair.purpose, pair.index],
		"places": [
			["environment", "clusters", input.cluster.name, "addresses", pair.purpose, pair.index],
			["environment", "clusters", pair.name, "addresses", pair.purpose, index],
		],
	}
}
