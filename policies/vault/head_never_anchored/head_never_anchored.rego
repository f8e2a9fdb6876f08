# METADATA
# title: The audit trail is not anchored within the recovery point objective
# description: >-
#   Whoever owns the database can forge the records that no signed anchor covers, which are lost as evidence then. So
#   the time between two anchors is bounded as that of any other loss is.
# custom:
#   id: VLT020
#   severity: error
#   owner: security
#   remediation: >-
#     Render the CronJob of runtime.maintenance anchor-audit wherever pods of the API write, at least as often as
#     recovery.rpo.target.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package vault.head_never_anchored

import data.lib.stores
import rego.v1

# The clock of CronJobs counts minutes.
shortest_seconds := 60

examined contains login if {
	input.spec.access_control.infrastructure.authorization.audit == true
	some login in stores.logins
	login.variable == "CBP_DATABASE_URL"
	login.writes
}

objective := max([shortest_seconds, input.spec.recovery.rpo.target])

anchored if {
	some job in stores.scheduled
	contains(job.command, " -m runtime.maintenance anchor-audit ")
	period(job.schedule) <= objective
}

# period returns the seconds between two runs, of a schedule that counts minutes or hours.
period(schedule) := to_number(trim_prefix(split(schedule, " ")[0], "*/")) * 60 if {
	regex.match(`^\*/[0-9]+ \* \* \* \*$`, schedule)
}

period(schedule) := to_number(trim_prefix(split(schedule, " ")[1], "*/")) * 3600 if {
	regex.match(`^[0-9]+ \*/[0-9]+ \* \* \*$`, schedule)
}

deny contains denial if {
	some login in examined
	not anchored
	denial := {
		"id": "VLT020",
		"message": sprintf("no job anchors the audit trail every %d seconds: runtime.maintenance anchor-audit", [objective]),
		"path": ["access_control", "infrastructure", "authorization", "audit"],
		"file": login.file,
		"pointer": login.pointer,
	}
}
