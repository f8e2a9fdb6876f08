# METADATA
# title: A stage replicates its data less than it needs
# description: >-
#   A commit that was confirmed to a client and is on one disk alone is lost with that disk. Production confirms a
#   commit only when a second server has it, and can go back to any moment.
# custom:
#   id: DEP017
#   severity: error
#   owner: data
#   remediation: List what is missing in redundancy.data.replication.
#   section: High Availability, 1. Redundancy
package environment.replication_below_stage

import data.thresholds.needed_replication
import rego.v1

examined contains input.spec.redundancy.data.replication

deny contains denial if {
	some replication in examined
	some kind in needed_replication[input.environment.stage]
	count({kind} & {listed | some listed in replication}) == 0
	denial := {
		"id": "DEP017",
		"message": sprintf("%s needs '%s', which is not listed", [input.environment.stage, kind]),
		"path": ["redundancy", "data", "replication"],
		"places": [["redundancy", "data", "replication"]],
		"given": [["environment", "stage"]],
	}
}
