# METADATA
# title: Listed traffic has no zone to pass through
# description: >-
#   Each entry of the listed traffic begins or ends in a zone. Where that zone is not listed, nothing is rendered
#   for it, and no policy implements the entry.
# custom:
#   id: NET007
#   severity: error
#   owner: platform
#   remediation: List the zone under network.segmentation.zones, or take the traffic off the list.
#   section: Infrastructure Security, 1. Network Security
package network.listed_traffic_without_zone

import rego.v1

needed := {
	"Load balancer": ["application"],
	"VPN": ["application"],
	"Dependencies": ["application", "data"],
	"Monitoring": ["application", "data", "management"],
}

examined contains entry if {
	some direction, items in input.spec.network.segmentation.traffic
	some index, item in items
	entry := {"direction": direction, "index": index, "item": item}
}

listed contains zone if some zone in input.spec.network.segmentation.zones

deny contains denial if {
	some entry in examined
	some zone in needed[entry.item]
	count({zone} & listed) == 0
	denial := {
		"id": "NET007",
		"message": sprintf("'%s' needs the zone %s, which is not listed", [entry.item, zone]),
		"path": ["network", "segmentation", "traffic", entry.direction, entry.index],
		"places": [
			["network", "segmentation", "traffic", entry.direction, entry.index],
			["network", "segmentation", "zones"],
		],
	}
}
