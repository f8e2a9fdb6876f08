# METADATA
# title: An availability zone belongs to another region
# description: >-
#   Both clouds name a zone after its region. A zone of another one is a typing error at best: no node is ever there,
#   and pods that have to be spread over it wait for ever.
# custom:
#   id: NET006
#   severity: error
#   owner: platform
#   remediation: Write zones of the cluster's own region, as the nodes' label topology.kubernetes.io/zone says them.
#   section: High Availability, 1. Redundancy
package network.zone_outside_region

import rego.v1

examined contains zone if {
	some index, name in input.cluster.zones
	zone := {"index": index, "name": name}
}

deny contains denial if {
	some zone in examined
	name := zone.name
	region := input.cluster.region
	not startswith(name, region)
	denial := {
		"id": "NET006",
		"message": sprintf("the zone %s is not in the region %s", [name, region]),
		"path": ["environment", "clusters", input.cluster.name, "zones", zone.index],
		"places": [["environment", "clusters", input.cluster.name, "zones", zone.index]],
		"given": [["environment", "clusters", input.cluster.name, "region"]],
	}
}
