package specification.takeover_lacks_a_step_test

import data.specification.takeover_lacks_a_step
import rego.v1

service(role, database) := {
	"environment": {"clusters": {"a": {"role": "primary"}, "b": {"role": role}}},
	"spec": {"recovery": {"procedures": {
		"database": database,
		"application": ["Deploy to recovery region", "Update DNS records", "Verify functionality"],
	}}},
}

test_every_step_is_there if {
	document := service("recovery", ["Validate data integrity", "Restore from backup", "Failover to replica"])
	takeover_lacks_a_step.deny == set() with input as document
}

test_a_step_that_is_missing_is_named if {
	denials := takeover_lacks_a_step.deny with input as service("recovery", ["Failover to replica"])
	{denial.message | some denial in denials} == {
		"recovery.procedures.database has no 'Restore from backup', and a cluster stands by",
		"recovery.procedures.database has no 'Validate data integrity', and a cluster stands by",
	}
}

test_nothing_takes_over_where_nothing_stands_by if {
	takeover_lacks_a_step.deny == set() with input as service("primary", [])
}
