package specification.health_check_path_disagrees_test

import data.specification.health_check_path_disagrees
import rego.v1

spec(balancer, container) := {"spec": {
	"load_balancing": {"application": {"health_check": {"path": balancer}}},
	"containers": {"application": {"health_check": {"path": container}}},
}}

test_one_path_passes if health_check_path_disagrees.deny == set() with input as spec("/health", "/health")

test_a_path_that_the_process_does_not_serve_is_denied_at_the_load_balancer if {
	denials := health_check_path_disagrees.deny with input as spec("/", "/health")
	{[denial.path, denial.message] | some denial in denials} == {[
		["load_balancing", "application", "health_check", "path"],
		concat("", [
			"load_balancing.application.health_check.path is /, ",
			"but containers.application.health_check.path is /health",
		]),
	]}
}
