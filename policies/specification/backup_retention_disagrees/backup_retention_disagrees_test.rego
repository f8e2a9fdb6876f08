package specification.backup_retention_disagrees_test

import data.specification.backup_retention_disagrees
import rego.v1

spec(storage, backup) := {"spec": {
	"storage": {"database": {"backup": {"retention": storage}}},
	"backup": {"database": {"retention": backup}},
}}

test_one_retention_passes if backup_retention_disagrees.deny == set() with input as spec(2592000, 2592000)

test_two_retentions_are_denied_in_days if {
	denials := backup_retention_disagrees.deny with input as spec(2592000, 604800)
	{denial.message | some denial in denials} == {concat("", [
		"storage.database.backup.retention is 30 days, ",
		"but backup.database.retention is 7 days",
	])}
}
