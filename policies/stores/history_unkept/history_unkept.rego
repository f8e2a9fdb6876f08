# METADATA
# title: Nothing keeps the history that is written
# description: >-
#   Changes are written into partitions of history, which are made ahead and dropped after their retention by a daily
#   job. Without it all later changes go into one partition, which cannot be dropped, and the disk fills up.
# custom:
#   id: STO020
#   severity: error
#   owner: data
#   remediation: Render the CronJob of runtime.maintenance events wherever pods of the API write, every day.
#   section: Disaster Recovery, 1. Backup Strategy
package stores.history_unkept

import data.lib.stores
import rego.v1

examined contains login if {
	some login in stores.logins
	login.variable == "CBP_DATABASE_URL"
	login.writes
}

kept if {
	some command in stores.daily
	contains(command, " -m runtime.maintenance events ")
}

deny contains denial if {
	some login in examined
	not kept
	denial := {
		"id": "STO020",
		"message": "no daily job keeps the history of changes: runtime.maintenance events",
		"path": ["backup", "configuration", "retention"],
		"file": login.file,
		"pointer": login.pointer,
	}
}
