# METADATA
# title: The load balancer admits networks that nobody stated
# description: >-
#   An Application Load Balancer that is told no networks admits all of them, and the traffic that the specification
#   lists is then a word. It admits the clients that the environment states, the VPN where it is listed, the ranges that
#   its connectors send from, and the probes of its clusters.
# custom:
#   id: NET015
#   severity: error
#   owner: security
#   remediation: State the networks of the clients under addresses.clients, or list the VPN.
#   section: Infrastructure Security, 1. Network Security
#   waivable: false
package network.balancer_open

import data.lib.addresses
import rego.v1

annotation := "alb.ingress.kubernetes.io/inbound-cidrs"

# The Application Gateway has no such setting: DEP013 says so.
examined contains balancer if {
	some document in input.documents
	document.object.kind == "Ingress"
	document.object.spec.ingressClassName == "alb"
	told := object.get(document.object, ["metadata", "annotations", annotation], "")
	balancer := {
		"file": document.file,
		"name": document.object.metadata.name,
		"admitted": {trim_space(network) | some network in split(told, ","); network != ""},
	}
}

purposes contains "clients"

purposes contains "vpn" if "VPN" in input.spec.network.segmentation.traffic.ingress

purposes contains purpose if {
	some connector in input.environment.connectors
	purpose := connector.addresses
}

stated contains address if {
	some range in addresses.ranges
	range.purpose in purposes
	address := range.address
}

# The probes of every cluster, as the name may lead to any of them.
stated contains address if {
	some cluster in input.environment.clusters
	is_array(cluster.addresses.probes)
	some address in cluster.addresses.probes
}

fault(balancer) := "every network, since none is stated" if count(balancer.admitted) == 0

fault(balancer) := concat(", ", sort(balancer.admitted - stated)) if {
	count(balancer.admitted) > 0
	count(balancer.admitted - stated) > 0
}

deny contains denial if {
	some balancer in examined
	denial := {
		"id": "NET015",
		"message": sprintf("the load balancer of %s admits %s", [balancer.name, fault(balancer)]),
		"path": ["environment", "addresses"],
		"file": balancer.file,
		"pointer": "/metadata/annotations",
	}
}
