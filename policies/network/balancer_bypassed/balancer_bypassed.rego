# METADATA
# title: People or clients reach pods past the load balancer
# description: >-
#   The load balancer ends TLS, its firewall inspects requests, and the API takes the address of a client from it. Who
#   reaches a pod directly does so in clear, unseen, and under the address of the VPN's gateway.
# custom:
#   id: NET013
#   severity: error
#   owner: security
#   remediation: Admit the network at the load balancer alone, and take it off the policy.
#   section: Infrastructure Security, 1. Network Security
#   waivable: false
package network.balancer_bypassed

import data.lib.addresses
import data.lib.network
import rego.v1

examined contains peer if {
	some rule in network.rules
	rule.direction == "ingress"
	some index, fields in rule.peers
	range := fields.ipBlock.cidr
	peer := {"rule": rule, "range": range, "pointer": sprintf("%s/from/%d/ipBlock/cidr", [rule.pointer, index])}
}

overlap(left, right) if net.cidr_contains(left, right)

overlap(left, right) if net.cidr_contains(right, left)

deny contains denial if {
	some peer in examined
	some range in addresses.ranges
	range.purpose in {"clients", "vpn"}
	range.family == addresses.family(peer.range)
	overlap(range.address, peer.range)
	denial := {
		"id": "NET013",
		"message": sprintf(
			"the policy %s admits %s %s past the load balancer",
			[peer.rule.policy.name, range.purpose, range.address],
		),
		"path": range.path,
		"file": peer.rule.policy.file,
		"pointer": peer.pointer,
	}
}
