# METADATA
# title: The configuration is not kept as it is stated
# description: >-
#   Where a bucket under Object Lock is stated, a job keeps the configuration in it as often, for as long and under such
#   names as the specification says. Without it a namespace is lost with the history in the database.
# custom:
#   id: STO025
#   severity: error
#   owner: data
#   remediation: >-
#     Render the CronJob of runtime.maintenance snapshot-configuration, as
#     compiler/emit/kubernetes/database/configuration_snapshots.py does.
#   section: Disaster Recovery, 1. Backup Strategy
package stores.configuration_unkept

import data.lib.kubernetes
import data.lib.stores
import rego.v1

day_seconds := 86400

fields := {
	"Hourly": `^[0-9]+ \* \* \* \*$`,
	"Daily": `^[0-9]+ [0-9]+ \* \* \*$`,
	"Weekly": `^[0-9]+ [0-9]+ \* \* [0-7]$`,
	"Monthly": `^[0-9]+ [0-9]+ [0-9]+ \* \*$`,
	"Quarterly": `^[0-9]+ [0-9]+ [0-9]+ 1,4,7,10 \*$`,
}

stated := input.spec.backup.configuration

# A cluster that stands by has nothing to keep that the one which serves does not keep.
examined contains login if {
	is_object(input.cluster.anchors)
	some login in stores.logins
	login.variable == "CBP_DATABASE_URL"
	login.writes
}

jobs contains job if {
	some item in kubernetes.objects
	item.kind == "CronJob"
	object.get(item.spec, "suspend", false) == false
	some container in item.spec.jobTemplate.spec.template.spec.containers
	"snapshot-configuration" in object.get(container, "command", [])
	job := {"schedule": item.spec.schedule, "command": container.command, "env": object.get(container, "env", [])}
}

as_often if {
	some job in jobs
	regex.match(fields[stated.schedule], job.schedule)
}

named if {
	some job in jobs
	stated.versioning == ("--versioned" in job.command)
}

as_long if {
	some job in jobs
	some variable in job.env
	variable.name == "CBP_LOCKED_STORE_LOCKED_DAYS"
	stores.number(variable.value) * day_seconds >= stated.retention
}

faults.schedule := text if {
	not as_often
	text := stated.schedule
}

faults.versioning := text if {
	not named
	text := sprintf("%v", [stated.versioning])
}

faults.retention := text if {
	not as_long
	text := sprintf("%d seconds", [stated.retention])
}

deny contains denial if {
	some login in examined
	some name, text in faults
	denial := {
		"id": "STO025",
		"message": sprintf("no job keeps the configuration as backup.configuration.%s says: %s", [name, text]),
		"path": ["backup", "configuration", name],
		"file": login.file,
		"pointer": login.pointer,
	}
}
