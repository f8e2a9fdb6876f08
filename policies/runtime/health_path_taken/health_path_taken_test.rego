package runtime.health_path_taken_test

import data.runtime.health_path_taken
import rego.v1

process(path) := {"settings": {"process": {"health_path": path, "ready_path": "/health/ready"}}}

test_a_path_of_its_own_passes if health_path_taken.deny == set() with input as process("/metricsx")

test_a_path_that_begins_as_another_passes if health_path_taken.deny == set() with input as process("/docsx")

test_the_paths_of_endpoints_are_denied if {
	every path in ["/", "/metrics", "/v1/settings", "/docs/a.css", "/openapi.json", "/problems"] {
		denials := health_path_taken.deny with input as process(path)
		{denial.message | some denial in denials} == {concat(" ", [
			"the path",
			path,
			"of a health check belongs to another endpoint of the API",
		])}
	}
}
