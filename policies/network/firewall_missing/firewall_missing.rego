# METADATA
# title: A load balancer stands without the firewall that is specified
# description: >-
#   A web ACL inspects the requests of the load balancers that are associated with it, and of no other. One that is
#   rendered is associated by its name in AWS; one that others own, by the ARN that the environment states.
# custom:
#   id: NET018
#   severity: error
#   owner: security
#   remediation: Let the Ingress name the rendered web ACL, or the one of balancers.firewall.
#   section: Infrastructure Security, 1. Network Security
#   waivable: false
package network.firewall_missing

import rego.v1

by_name := "alb.ingress.kubernetes.io/wafv2-acl-name"

by_arn := "alb.ingress.kubernetes.io/wafv2-acl-arn"

# An Application Gateway has a firewall of its own: DEP031 says so.
examined contains balancer if {
	input.spec.network.protection.waf.enabled == true
	some document in input.documents
	document.object.kind == "Ingress"
	document.object.spec.ingressClassName == "alb"
	annotations := object.get(document.object, ["metadata", "annotations"], {})
	balancer := {
		"file": document.file,
		"name": document.object.metadata.name,
		"named": object.get(annotations, by_name, ""),
		"arn": object.get(annotations, by_arn, ""),
	}
}

rendered contains name if {
	some document in input.documents
	document.object.kind == "WebACL"
	name := document.object.spec.name
}

owned contains arn if {
	arn := object.get(input.cluster, ["balancers", "firewall"], null)
	is_string(arn)
}

# The controller asks for the name first.
associated(balancer) if balancer.named in rendered

associated(balancer) if {
	balancer.named == ""
	balancer.arn in owned
}

deny contains denial if {
	some balancer in examined
	not associated(balancer)
	denial := {
		"id": "NET018",
		"message": sprintf(
			"the load balancer of %s is associated with no web ACL of this cluster ('%s')",
			[balancer.name, concat("", [balancer.named, balancer.arn])],
		),
		"path": ["network", "protection", "waf", "enabled"],
		"file": balancer.file,
		"pointer": "/metadata/annotations",
	}
}
