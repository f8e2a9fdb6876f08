# METADATA
# title: The archive of production has no copy
# description: >-
#   The standby follows every change, also the one that was a mistake. What it cannot undo is restored from the archive,
#   which is lost with its region, and deleted by whoever may write there.
# custom:
#   id: DEP025
#   severity: warning
#   owner: reliability
#   remediation: Have the object store replicate the archive to another region, and state where under backups.replicated_to.
#   section: Disaster Recovery, 1. Backup Strategy
package environment.archive_without_copy

import rego.v1

examined contains input.cluster.backups if {
	input.environment.stage == "production"
	input.cluster.role == "primary"
}

deny contains denial if {
	some backups in examined
	copy := object.get(backups, "replicated_to", null)
	copy == null
	denial := {
		"id": "DEP025",
		"message": sprintf("%s is all that there is of the backups of %s", [backups.location, input.cluster.name]),
		"path": ["environment", "clusters", input.cluster.name, "backups", "location"],
		"places": [["environment", "clusters", input.cluster.name, "backups", "location"]],
		"given": [["environment", "stage"]],
	}
}
