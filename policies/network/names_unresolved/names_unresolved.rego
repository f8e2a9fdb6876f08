# METADATA
# title: Pods cannot resolve the names that they call
# description: >-
#   Outside of the cluster everything is called by its name. A pod asks over UDP, and over TCP where an answer is long;
#   a cache on its node answers at an address of its own, which a rule for the cluster's servers does not open. Without
#   any of the three the first start fails, or one that comes later.
# custom:
#   id: NET011
#   severity: error
#   owner: platform
#   remediation: Declare the flow of names for the pods (to_dns), which opens all of it.
#   section: Infrastructure Security, 1. Network Security
package network.names_unresolved

import data.lib.addresses
import data.lib.network
import rego.v1

port := 53

caches := {range.address | some range in addresses.ranges; range.purpose == "dns"}

# The API server is called by its address, which the kubelet gives to every container.
api_servers := {range.address | some range in addresses.ranges; range.purpose == "kubernetes_api"}

# ways holds each address range or name server that a policy opens, with the ports and protocols.
ways contains way if {
	some rule in network.rules
	rule.direction == "egress"
	some entry in rule.ports
	some peer in rule.peers
	way := {
		"policy": rule.policy,
		"path": rule.path,
		"range": object.get(peer, ["ipBlock", "cidr"], ""),
		"port": object.get(entry, "port", 0),
		"protocol": object.get(entry, "protocol", "TCP"),
	}
}

calls_by_name(way) if {
	way.range != ""
	count({way.range} & (caches | api_servers)) == 0
}

calls_by_name(way) if way.port == port

examined contains policy if {
	some way in ways
	calls_by_name(way)
	policy := {"policy": way.policy, "path": way.path}
}

asked(policy) := {[way.range, way.protocol] | some way in ways; way.policy == policy; way.port == port}

missing(policy) := {protocol |
	some protocol in ["TCP", "UDP"]
	count({item | some item in asked(policy); item[1] == protocol}) == 0
}

unasked(policy) := {range |
	some range in caches
	some protocol in ["TCP", "UDP"]
	count({[range, protocol]} & asked(policy)) == 0
}

deny contains denial if {
	some item in examined
	faults := missing(item.policy) | unasked(item.policy)
	count(faults) > 0
	denial := {
		"id": "NET011",
		"message": sprintf("the policy %s does not open names over %s", [item.policy.name, concat(" and ", sort(faults))]),
		"path": item.path,
		"file": item.policy.file,
		"pointer": "/spec/egress",
	}
}
