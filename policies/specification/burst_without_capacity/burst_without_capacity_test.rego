package specification.burst_without_capacity_test

import data.specification.burst_without_capacity
import rego.v1

limits(common, route) := {
	"spec": {"load_management": {"throttling": {"limits": common}}},
	"environment": {"throttling": {"routes": [{"route": "GET /v1/settings", "limits": route}]}},
}

good := {"default": 100, "burst": 101}

test_a_bucket_of_one_request_passes if burst_without_capacity.deny == set() with input as limits(good, good)

test_an_empty_bucket_of_a_route_is_denied_in_the_environment if {
	denials := burst_without_capacity.deny with input as limits(good, {"default": 100, "burst": 100})
	{[denial.path, denial.message] | some denial in denials} == {[
		["environment", "throttling", "routes", 0, "limits", "burst"],
		concat("", [
			"GET /v1/settings: burst (100 req/min) leaves the bucket too little above default (100 req/min): ",
			"it is 101 at least",
		]),
	]}
}

test_an_empty_bucket_of_a_client_is_denied_in_the_environment if {
	clients := [{"client": "key:a", "limits": {"default": 100, "burst": 100}}]
	stated := object.union(limits(good, good), {"environment": {"throttling": {"routes": [], "clients": clients}}})
	denials := burst_without_capacity.deny with input as stated
	{denial.path | some denial in denials} == {["environment", "throttling", "clients", 0, "limits", "burst"]}
}

test_a_bucket_holds_more_than_it_gains_while_a_worker_holds_a_token if {
	burst_without_capacity.deny == set() with input as limits(good, {"default": 1200, "burst": 1211})
	count(burst_without_capacity.deny) == 1 with input as limits(good, {"default": 1200, "burst": 1210})
}
