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

examined contains {"direction": "ingress", "item": "Load balancer"} if input.cluster.role == "primary"

examined contains {"direction": "egress", "item": "Dependencies"} if input.cluster.role == "primary"

examined contains {"direction": "egress", "item": "Monitoring"} if input.environment.stage == "production"

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
	}
}
