# METADATA
# title: The retention of database backups is stated twice and disagrees
# description: >-
#   One of the two configures the object store; auditors read the other. The shorter one decides how far back a
#   restore can go.
# custom:
#   id: CON004
#   severity: error
#   owner: data
#   remediation: Write one retention in storage.database.backup and backup.database.
#   section: Disaster Recovery, 1. Backup Strategy
package specification.backup_retention_disagrees

import data.lib.statements
import data.lib.units
import rego.v1

examined contains pair if {
	pair := {
		"storage": statements.at(["storage", "database", "backup", "retention"]),
		"backup": statements.at(["backup", "database", "retention"]),
	}
}

deny contains denial if {
	some pair in examined
	pair.storage.value != pair.backup.value
	denial := {
		"id": "CON004",
		"message": sprintf(
			"%s is %s, but %s is %s",
			[
				pair.storage.name,
				units.seconds(pair.storage.value),
				pair.backup.name,
				units.seconds(pair.backup.value),
			],
		),
		"path": pair.storage.path,
		"places": [pair.storage.path, pair.backup.path],
	}
}
