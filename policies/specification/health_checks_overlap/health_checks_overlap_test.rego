package specification.health_checks_overlap_test

import data.specification.health_checks_overlap
import rego.v1

check(interval, timeout) := {"spec": {"load_balancing": {"application": {"health_check": {
	"interval": interval,
	"timeout": timeout,
}}}}}

test_a_second_between_checks_is_enough if health_checks_overlap.deny == set() with input as check(6, 5)

test_a_check_as_long_as_the_interval_is_denied if {
	denials := health_checks_overlap.deny with input as check(5, 5)
	{denial.message | some denial in denials} == {concat("", [
		"the health check's timeout is 5 seconds, ",
		"which is not below its interval (5 seconds)",
	])}
}
