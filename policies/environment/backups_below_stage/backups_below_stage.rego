# METADATA
# title: Backups are kept for less than their stage needs
# description: >-
#   Corrupted data is often noticed at the end of the month. A retention that fits a test environment deletes the
#   last good copy before.
# custom:
#   id: DEP016
#   severity: error
#   owner: data
#   remediation: Raise backup.database.retention.
#   section: Disaster Recovery, 1. Backup Strategy
package environment.backups_below_stage

import data.lib.units
import data.thresholds.least_backup_retention_seconds
import rego.v1

examined contains input.spec.backup.database.retention

deny contains denial if {
	some retention in examined
	least := least_backup_retention_seconds[input.environment.stage]
	retention < least
	denial := {
		"id": "DEP016",
		"message": sprintf(
			"%s keeps its backups for %s, and needs them for %s",
			[input.environment.stage, units.seconds(retention), units.seconds(least)],
		),
		"path": ["backup", "database", "retention"],
		"places": [["backup", "database", "retention"]],
		"given": [["environment", "stage"]],
		"excess": least - retention,
	}
}
