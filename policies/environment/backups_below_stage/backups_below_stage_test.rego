package environment.backups_below_stage_test

import data.environment.backups_below_stage
import rego.v1

backups(stage, days) := {
	"environment": {"stage": stage},
	"spec": {"backup": {"database": {"retention": days * 86400}}},
}

test_development_needs_a_week if backups_below_stage.deny == set() with input as backups("development", 7)

test_production_needs_a_month if {
	denials := backups_below_stage.deny with input as backups("production", 29)
	{denial.message | some denial in denials} == {"production keeps its backups for 29 days, and needs them for 30 days"}
}
