# METADATA
# title: Nobody compares the entries with their history
# description: >-
#   Whoever owns the database can change an entry past its history, or take an event out of it. A daily job rebuilds the
#   entries from their events, and fails where the two differ; without it nobody notices.
# custom:
#   id: STO023
#   severity: error
#   owner: data
#   remediation: Render the CronJob of runtime.maintenance verify-history wherever pods of the API write, every day.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package stores.history_unverified

import data.lib.stores
import rego.v1

examined contains login if {
	some login in stores.logins
	login.variable == "CBP_DATABASE_URL"
	login.writes
}

verified if {
	some command in stores.daily
	contains(command, " -m runtime.maintenance verify-history ")
}

deny contains denial if {
	some login in examined
	not verified
	denial := {
		"id": "STO023",
		"message": "no daily job compares the entries with their history: runtime.maintenance verify-history",
		"path": ["recovery", "procedures", "database"],
		"file": login.file,
		"pointer": login.pointer,
	}
}
