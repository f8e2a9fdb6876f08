package specification.health_check_out_of_range_test

import data.specification.health_check_out_of_range
import rego.v1

spec(interval, threshold) := {"spec": {"load_balancing": {"application": {"health_check": {
	"interval": interval,
	"timeout": 5,
	"healthy_threshold": threshold,
	"unhealthy_threshold": 3,
}}}}}

test_the_bounds_themselves_pass if {
	health_check_out_of_range.deny == set() with input as spec(5, 10)
	health_check_out_of_range.deny == set() with input as spec(300, 2)
}

test_less_and_more_are_denied_with_the_range if {
	denials := health_check_out_of_range.deny with input as spec(4, 11)
	{denial.message | some denial in denials} == {
		"load_balancing.application.health_check.interval is 4; the load balancer takes 5 to 300",
		"load_balancing.application.health_check.healthy_threshold is 11; the load balancer takes 2 to 10",
	}
}
