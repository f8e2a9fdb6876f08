# METADATA
# title: Shield is asked to protect what the internet does not reach
# description: >-
#   AWS Shield Advanced protects addresses that the internet reaches. For an internal load balancer the request fails, or
#   is paid for and protects nothing: its floods come from networks of the bank, and are refused by the firewall.
# custom:
#   id: NET021
#   severity: error
#   owner: security
#   remediation: Take the annotation away; network.protection.ddos limits each address at the firewall.
#   section: Infrastructure Security, 1. Network Security
package network.shield_before_nothing

import rego.v1

prefix := "alb.ingress.kubernetes.io"

examined contains balancer if {
	some document in input.documents
	document.object.kind == "Ingress"
	document.object.spec.ingressClassName == "alb"
	annotations := object.get(document.object, ["metadata", "annotations"], {})
	balancer := {
		"file": document.file,
		"name": document.object.metadata.name,
		"scheme": object.get(annotations, concat("/", [prefix, "scheme"]), "internal"),
		"shield": object.get(annotations, concat("/", [prefix, "shield-advanced-protection"]), "false"),
	}
}

deny contains denial if {
	some balancer in examined
	balancer.scheme == "internal"
	balancer.shield == "true"
	denial := {
		"id": "NET021",
		"message": sprintf("the load balancer of %s is internal, and Shield Advanced is asked for", [balancer.name]),
		"path": ["network", "protection", "ddos", "enabled"],
		"file": balancer.file,
		"pointer": "/metadata/annotations",
	}
}
