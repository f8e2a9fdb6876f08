# METADATA
# title: Address ranges
# description: Every range that the cluster's network policies are made of, the environment's and its own.
package lib.addresses

import rego.v1

ranges contains found if {
	some purpose, addresses in input.environment.addresses
	some index, address in addresses
	path := ["environment", "addresses", purpose, index]
	found := {"purpose": purpose, "address": address, "family": family(address), "path": path}
}

ranges contains found if {
	some purpose, addresses in input.cluster.addresses
	some index, address in addresses
	path := ["environment", "clusters", input.cluster.name, "addresses", purpose, index]
	found := {"purpose": purpose, "address": address, "family": family(address), "path": path}
}

family(address) := "ipv6" if contains(address, ":")

family(address) := "ipv4" if not contains(address, ":")
