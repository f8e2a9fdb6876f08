# METADATA
# title: The load balancer has public addresses
# description: >-
#   The API does not authenticate its clients yet: everybody who reaches it may read and change configuration. Until
#   it does, the load balancer has private addresses alone.
# custom:
#   id: K8S025
#   severity: error
#   owner: security
#   remediation: Declare private ranges as the cluster's addresses.load_balancer.
#   section: Infrastructure Security, 1. Network Security
#   waivable: false
package kubernetes.ingress_open_to_the_internet

import rego.v1

# What says so, for each of the controllers; each is public where it is not told otherwise.
private := {"alb.ingress.kubernetes.io/scheme": "internal", "appgw.ingress.kubernetes.io/use-private-ip": "true"}

examined contains document if {
	some document in input.documents
	document.object.kind == "Ingress"
}

internal(document) if {
	some name, value in private
	object.get(document.object, ["metadata", "annotations", name], "") == value
}

deny contains denial if {
	some document in examined
	not internal(document)
	denial := {
		"id": "K8S025",
		"message": sprintf("the Ingress %s is open to the internet", [document.object.metadata.name]),
		"path": ["environment", "clusters", input.cluster.name, "addresses", "load_balancer"],
		"file": document.file,
		"pointer": "/metadata/annotations",
	}
}
