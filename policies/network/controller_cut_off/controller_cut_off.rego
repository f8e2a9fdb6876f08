# METADATA
# title: A controller of the platform cannot reach the API server
# description: >-
#   What runs in a zone is under its default denial, also where somebody else brings it. A controller that may not call
#   the API server of its cluster starts, logs an error, and does nothing.
# custom:
#   id: NET012
#   severity: error
#   owner: platform
#   remediation: Declare the controller's flow to the API server, or have it run in a namespace of its own.
#   section: Infrastructure Security, 1. Network Security
package network.controller_cut_off

import data.lib.network
import data.origins
import rego.v1

selecting(pod, direction) := {policy |
	some policy in network.policies
	policy.namespace == pod.namespace
	direction in object.keys(policy.spec)
	network.selects(object.get(policy.spec, "podSelector", {}), pod.labels)
}

# A cluster that stands by runs only some of them: those that one of its policies is for.
examined contains item if {
	some pod in origins.platform_pods
	file := min({policy.file | some policy in selecting(pod, "egress") | selecting(pod, "ingress")})
	item := {"pod": pod, "file": file}
}

reached(pod) := {range |
	some policy in selecting(pod, "egress")
	some rule in policy.spec.egress
	some peer in rule.to
	range := peer.ipBlock.cidr
}

deny contains denial if {
	some item in examined
	missing := {range | some range in input.cluster.addresses.kubernetes_api} - reached(item.pod)
	count(missing) > 0
	denial := {
		"id": "NET012",
		"message": sprintf(
			"%s in %s cannot reach the API server at %s",
			[concat(", ", [label | some label in item.pod.labels]), item.pod.namespace, concat(", ", sort(missing))],
		),
		"path": ["environment", "clusters", input.cluster.name, "addresses", "kubernetes_api"],
		"file": item.file,
		"pointer": "/spec",
	}
}
