# METADATA
# title: A load balancer scales from nothing, and the specification says otherwise
# description: >-
#   A load balancer grows within minutes, and a flood comes within seconds: until then it refuses those who are no part of
#   the flood, too. What it has reserved takes the first burst. Amazon reserves 100 units or more.
# custom:
#   id: NET022
#   severity: error
#   owner: reliability
#   remediation: Let the Ingress reserve at least 100 capacity units, or write false for network.protection.ddos.auto_scale.
#   section: Infrastructure Security, 1. Network Security
package network.capacity_unreserved

import rego.v1

annotation := "alb.ingress.kubernetes.io/minimum-load-balancer-capacity"

least_units := 100

examined contains balancer if {
	input.spec.network.protection.ddos == {"enabled": true, "auto_scale": true}
	some document in input.documents
	document.object.kind == "Ingress"
	document.object.spec.ingressClassName == "alb"
	balancer := {
		"file": document.file,
		"name": document.object.metadata.name,
		"told": object.get(document.object, ["metadata", "annotations", annotation], "CapacityUnits=0"),
	}
}

deny contains denial if {
	some balancer in examined
	units := to_number(trim_prefix(balancer.told, "CapacityUnits="))
	units < least_units
	denial := {
		"id": "NET022",
		"message": sprintf("the load balancer of %s reserves %v capacity units", [balancer.name, units]),
		"path": ["network", "protection", "ddos", "auto_scale"],
		"file": balancer.file,
		"pointer": "/metadata/annotations",
	}
}
