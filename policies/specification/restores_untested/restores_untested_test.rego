package specification.restores_untested_test

import data.specification.restores_untested
import rego.v1

testing(stage, schedule) := {
	"environment": {"stage": stage},
	"spec": {"backup": {"database": {"testing": {"schedule": schedule}}}},
}

test_elsewhere_quarterly_is_enough if restores_untested.deny == set() with input as testing("staging", "Quarterly")

test_in_production_it_is_not if {
	denials := restores_untested.deny with input as testing("production", "Quarterly")
	{denial.message | some denial in denials} == {"Quarterly is too seldom to test the backups of production"}
}
