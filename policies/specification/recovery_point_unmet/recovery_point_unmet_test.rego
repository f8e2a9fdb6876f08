package specification.recovery_point_unmet_test

import data.specification.recovery_point_unmet
import rego.v1

objective(target, replication) := {"spec": {
	"recovery": {"rpo": {"target": target}},
	"backup": {"database": {"schedule": {"incremental": "Hourly"}}},
	"redundancy": {"data": {"replication": replication}},
}}

test_a_backup_as_often_as_the_target_is_enough if {
	recovery_point_unmet.deny == set() with input as objective(3600, ["Synchronous primary"])
}

test_the_archive_meets_a_shorter_target if {
	recovery_point_unmet.deny == set() with input as objective(900, ["Point-in-time recovery"])
}

test_hourly_backups_do_not_meet_a_quarter_of_an_hour if {
	denials := recovery_point_unmet.deny with input as objective(900, ["Synchronous primary"])
	{denial.message | some denial in denials} == {concat("", [
		"recovery.rpo.target is 15 minutes, ",
		"but without point-in-time recovery 1 hour of data can be lost",
	])}
}
