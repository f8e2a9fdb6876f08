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

test_the_sum_is_in_the_message if {
	denials := throttling_admits_more.deny with input as buckets({"capacity": 100, "refill_per_minute": 100})
	{denial.message | some denial in denials} == {concat("", [
		"client: the compiled bucket admits 200 requests in a minute (100 + 100), ",
		"burst is 150",
	])}
}
