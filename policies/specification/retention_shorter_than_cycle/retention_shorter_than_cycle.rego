# METADATA
# title: Backups are deleted before the next one is taken
# description: >-
#   Where the retention is shorter than the time from one full backup to the next, there are days on which nothing can
#   be restored at all.
# custom:
#   id: CON025
#   severity: error
#   owner: data
#   remediation: Keep backups for longer, or take them more often.
#   section: Disaster Recovery, 1. Backup Strategy
package specification.retention_shorter_than_cycle

import data.lib.units
import data.schedules
import rego.v1

examined contains cycle if {
	cycle := {
		"of": "database",
		"statement": ["backup", "database", "schedule", "full"],
		"retention": input.spec.backup.database.retention,
		"schedule": input.spec.backup.database.schedule.full,
	}
}

examined contains cycle if {
	cycle := {
		"of": "configuration",
		"statement": ["backup", "configuration", "schedule"],
		"retention": input.spec.backup.configuration.retention,
		"schedule": input.spec.backup.configuration.schedule,
	}
}

deny contains denial if {
	some cycle in examined
	period := schedules.seconds[cycle.schedule]
	cycle.retention < period
	denial := {
		"id": "CON025",
		"message": sprintf(
			"backup.%s.retention is %s, but up to %s pass from one full backup to the next",
			[cycle.of, units.seconds(cycle.retention), units.seconds(period)],
		),
		"path": ["backup", cycle.of, "retention"],
		"places": [["backup", cycle.of, "retention"], cycle.statement],
		"excess": period - cycle.retention,
	}
}
