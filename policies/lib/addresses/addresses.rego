# METADATA
# title: Address ranges
# description: Every range that the cluster's network policies are made of, the environment's and its own.
package lib.addresses

import rego.v1

ranges contains found if {
	some purpose, addresses in stated(input.environment.addresses)
	some index, address in addresses
	path := ["environment", "addresses", purpose, index]
	found := {"purpose": purpose, "address": address, "family": family(address), "path": path}
}

ranges contains found if {
	some purpose, addresses in stated(input.cluster.addresses)
	some index, address in addresses
	path := ["environment", "clusters", input.cluster.name, "addresses", purpose, index]
	found := {"purpose": purpose, "address": address, "family": family(address), "path": path}
}

# stated returns the purposes that have ranges: some may be left out.
stated(purposes) := {purpose: addresses | some purpose, addresses in purposes; is_array(addresses)}

family(address) := "ipv6" if contains(address, ":")

family(address) := "ipv4" if not contains(address, ":")
