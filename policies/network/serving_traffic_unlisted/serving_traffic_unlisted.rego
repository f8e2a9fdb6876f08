# METADATA
# title: The application lacks traffic that it needs to serve
# description: >-
#   A load balancer that may not open a connection serves no client; an application without its dependencies never
#   becomes ready; and in production a service without metrics fails unseen. An overlay may take the VPN off the
#   list, which only closes a door.
# custom:
#   id: NET008
#   severity: error
#   owner: platform
#   remediation: List the traffic under network.segmentation.traffic.
#   section: Infrastructure Security, 1. Network Security
package network.serving_traffic_unlisted

import rego.v1

role := ["environment", "clusters", input.cluster.name, "role"]

stage := ["environment", "stage"]

examined contains entry if {
	input.cluster.role == "primary"
	entry := {"direction": "ingress", "item": "Load balancer", "because": role}
}

examined contains entry if {
	input.cluster.role == "primary"
	entry := {"direction": "egress", "item": "Dependencies", "because": role}
}

examined contains entry if {
	input.environment.stage == "production"
	entry := {"direction": "egress", "item": "Monitoring", "because": stage}
}

listed contains item if {
	some items in input.spec.network.segmentation.traffic
	some item in items
}

deny contains denial if {
	some entry in examined
	count({entry.item} & listed) == 0
	denial := {
		"id": "NET008",
		"message": sprintf("'%s' is not listed, and the cluster %s needs it", [entry.item, input.cluster.name]),
		"path": ["network", "segmentation", "traffic", entry.direction],
		"places": [["network", "segmentation", "traffic", entry.direction]],
		"given": [entry.because],
	}
}
