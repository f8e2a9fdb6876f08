# METADATA
# title: More data can be lost than the recovery point allows
# description: >-
#   After a disaster the database is as old as its newest copy. Incremental backups alone are as old as their schedule;
#   only point-in-time recovery, which archives the write-ahead log all the time, is newer than that.
# custom:
#   id: CON019
#   severity: error
#   owner: data
#   remediation: >-
#     List Point-in-time recovery in redundancy.data.replication, take incremental backups more often, or accept a
#     longer recovery point.
#   section: Disaster Recovery, 2. Recovery Plans
package specification.recovery_point_unmet

import data.lib.units
import data.schedules
import rego.v1

examined contains objective if {
	objective := {
		"target": input.spec.recovery.rpo.target,
		"schedule": input.spec.backup.database.schedule.incremental,
		"replication": input.spec.redundancy.data.replication,
	}
}

continuous(replication) if "Point-in-time recovery" in replication

deny contains denial if {
	some objective in examined
	replication := objective.replication
	not continuous(replication)
	period := schedules.seconds[objective.schedule]
	period > objective.target
	denial := {
		"id": "CON019",
		"message": sprintf(
			"recovery.rpo.target is %s, but without point-in-time recovery %s of data can be lost",
			[units.seconds(objective.target), units.seconds(period)],
		),
		"path": ["recovery", "rpo", "target"],
		"places": [
			["recovery", "rpo", "target"],
			["backup", "database", "schedule", "incremental"],
			["redundancy", "data", "replication"],
		],
		"excess": period - objective.target,
	}
}
