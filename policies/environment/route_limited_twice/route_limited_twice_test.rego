package environment.route_limited_twice_test

import data.environment.route_limited_twice
import rego.v1

routes(names) := {"environment": {"throttling": {"routes": [{"route": name} | some name in names]}}}

test_different_routes_pass if route_limited_twice.deny == set() with input as routes(["GET /a", "PUT /a"])

test_the_second_entry_is_denied_and_names_the_first if {
	denials := route_limited_twice.deny with input as routes(["GET /b", "GET /a", "GET /a"])
	{[denial.path, denial.message] | some denial in denials} == {[
		["environment", "throttling", "routes", 2, "route"],
		"GET /a is limited here and in entry 2 of the list",
	]}
}
