# METADATA
# title: A backup is scheduled without the seconds
# description: >-
#   The operator reads six fields, seconds first. In five of them the minute is taken for the second, and so on: the
#   API server accepts it, and the backup is taken at another time, or sixty times as often.
# custom:
#   id: STO011
#   severity: error
#   owner: data
#   remediation: Write six fields into the ScheduledBackup, the seconds first.
#   section: Disaster Recovery, 1. Backup Strategy
package stores.schedule_without_seconds

import data.lib.kubernetes
import rego.v1

examined contains item if {
	some item in kubernetes.objects
	item.kind == "ScheduledBackup"
}

deny contains denial if {
	some item in examined
	schedule := object.get(item.spec, "schedule", "")
	fields := [field | some field in split(schedule, " "); count(field) > 0]
	count(fields) != 6
	denial := {
		"id": "STO011",
		"message": sprintf("the backup %s is scheduled by '%s', in %d fields", [item.name, schedule, count(fields)]),
		"path": ["backup", "database", "schedule"],
		"file": item.file,
		"pointer": "/spec/schedule",
	}
}
