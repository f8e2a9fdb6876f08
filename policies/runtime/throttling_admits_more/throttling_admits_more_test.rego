package runtime.throttling_admits_more_test

import data.runtime.throttling_admits_more
import rego.v1

buckets(client) := {
	"spec": {"load_management": {"throttling": {"limits": {"default": 100, "burst": 150}}}},
	"settings": {"throttling": {"client": client, "endpoint": null, "routes": []}},
}

test_a_scope_that_is_not_in_the_specification_has_no_bucket if {
	throttling_admits_more.deny == set() with input as buckets(null)
	throttling_admits_more.examined == set() with input as buckets(null)
}

of_client(burst) := {
	"spec": buckets(null).spec,
	"settings": {"throttling": {
		"client": null, "endpoint": null, "routes": [],
		"clients": [{"client": "key:a", "bucket": {"capacity": 100, "refill_per_minute": 100}}],
	}},
	"environment": {"throttling": {"routes": [], "clients": [{"client": "key:a", "limits": {"burst": burst}}]}},
}

test_the_bucket_of_a_client_is_compared_with_its_own_limits if {
	throttling_admits_more.deny == set() with input as of_client(200)
	denials := throttling_admits_more.deny with input as of_client(199)
	{denial.path | some denial in denials} == {["environment", "throttling", "clients", 0, "limits", "burst"]}
}

test_the_sum_is_in_the_message if {
	denials := throttling_admits_more.deny with input as buckets({"capacity": 100, "refill_per_minute": 100})
	{denial.message | some denial in denials} == {concat("", [
		"client: the compiled bucket admits 200 requests in a minute (100 + 100), ",
		"burst is 150",
	])}
}
