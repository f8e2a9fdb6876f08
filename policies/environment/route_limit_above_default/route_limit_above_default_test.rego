package environment.route_limit_above_default_test

import data.environment.route_limit_above_default
import rego.v1

route(limits) := {
	"spec": {"load_management": {"throttling": {"limits": {"default": 1000, "burst": 2000}}}},
	"environment": {"throttling": {"routes": [{"route": "GET /v1/settings", "limits": limits}]}},
}

test_the_common_limit_itself_passes if {
	route_limit_above_default.deny == set() with input as route({"default": 1000, "burst": 2000})
}

test_a_higher_limit_is_denied_at_its_own_key if {
	denials := route_limit_above_default.deny with input as route({"default": 10, "burst": 3000})
	{[denial.path, denial.message] | some denial in denials} == {[
		["environment", "throttling", "routes", 0, "limits", "burst"],
		"GET /v1/settings: burst is 3000 req/min, above the 2000 req/min of load_management.throttling",
	]}
}
