# METADATA
# title: A cluster has fewer zones than its stage needs
# description: >-
#   Redundancy over several zones is promised. A cluster in one zone goes down with it, wherever its pods are
#   placed.
# custom:
#   id: DEP004
#   severity: error
#   owner: reliability
#   remediation: List more zones of the region under environment.clusters.
#   section: High Availability, 1. Redundancy
package environment.zones_missing

import data.thresholds
import rego.v1

examined contains cluster if {
	"Multiple zones" in input.spec.redundancy.application.deployment
	some name, fields in input.environment.clusters
	cluster := {"name": name, "zones": count(fields.zones)}
}

deny contains denial if {
	some cluster in examined
	least := thresholds.least_zones[input.environment.stage]
	cluster.zones < least
	denial := {
		"id": "DEP004",
		"message": sprintf(
			"the cluster %s is in %d of the %d zones that %s needs",
			[cluster.name, cluster.zones, least, input.environment.stage],
		),
		"path": ["environment", "clusters", cluster.name, "zones"],
		"places": [
			["environment", "clusters", cluster.name, "zones"],
			["redundancy", "application", "deployment"],
		],
		"given": [["environment", "stage"]],
		"wanted": sprintf("%d zones", [least]),
	}
}
