# METADATA
# title: The number of partitions changes
# description: >-
#   The entries are spread over their partitions when the database is made. Another number is not carried out, and the
#   migration refuses to start the new version of the API.
# custom:
#   id: TRN005
#   severity: error
#   owner: data
#   remediation: >-
#     Write the number back. To change it, rebuild the table in a maintenance window (docs/runtime.md), and acknowledge
#     the transition (docs/transitions.md).
#   section: System Components, 1. Architecture Components
#   waivable: false
package transitions.partitions_changed

import rego.v1

examined contains found if {
	before := input.before.settings.database.partitions
	found := {"before": before, "after": input.settings.database.partitions}
}

deny contains denial if {
	some found in examined
	found.before != found.after
	denial := {
		"id": "TRN005",
		"message": sprintf("the entries lie in %d partitions, and %d are asked for", [found.before, found.after]),
		"path": ["components", "data_layer", "scaling", "strategy", "sharding"],
		"file": sprintf("generated/%s/%s/runtime/settings.json", [input.environment.name, input.cluster.name]),
		"pointer": "/database/partitions",
		"before": sprintf("%d", [found.before]),
		"after": sprintf("%d", [found.after]),
	}
}
