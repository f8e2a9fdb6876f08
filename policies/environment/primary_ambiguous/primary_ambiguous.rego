# METADATA
# title: An environment does not have exactly one primary
# description: >-
#   Writes go to the primary. With two, each accepts writes that the other never sees; with none, there is nowhere to
#   write.
# custom:
#   id: DEP006
#   severity: error
#   owner: data
#   remediation: Give exactly one cluster the role primary.
#   section: High Availability, 1. Redundancy
package environment.primary_ambiguous

import rego.v1

examined contains input.environment.clusters

deny contains denial if {
	some clusters in examined
	primaries := [name | some name, cluster in clusters; cluster.role == "primary"]
	count(primaries) != 1
	denial := {
		"id": "DEP006",
		"message": sprintf(
			"%d clusters are primary (%s), and exactly one has to be",
			[count(primaries), concat(", ", sort(primaries))],
		),
		"path": ["environment", "clusters"],
	}
}
