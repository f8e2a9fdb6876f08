package stores.schedule_without_seconds_test

import data.stores.schedule_without_seconds
import rego.v1

backup(schedule) := {"documents": [{"file": "b.yaml", "object": {
	"kind": "ScheduledBackup",
	"metadata": {"name": "full"},
	"spec": schedule,
}}]}

test_six_fields_are_read if {
	schedule_without_seconds.deny == set() with input as backup({"schedule": "0 30 1 * * 0"})
}

test_five_fields_and_none_are_denied if {
	denials := schedule_without_seconds.deny with input as backup({"schedule": "30 1 * * 0"})
	{denial.message | some denial in denials} == {"the backup full is scheduled by '30 1 * * 0', in 5 fields"}
	missing := schedule_without_seconds.deny with input as backup({})
	{denial.message | some denial in missing} == {"the backup full is scheduled by '', in 0 fields"}
}
