package proxy.second_line_stricter_test

import data.proxy.second_line_stricter
import rego.v1

bucket(capacity, refill) := {"capacity": capacity, "refill_per_minute": refill}

descriptor(key, holds, gains) := {
	"entries": [{"key": key}],
	"token_bucket": {"max_tokens": holds, "tokens_per_fill": gains, "fill_interval": 1},
}

site(throttling, connectors, fields) := {
	"environment": {"connectors": connectors},
	"settings": {"throttling": object.union({"address": bucket(100, 60)}, throttling)},
	"proxy": {"file": "p.json", "static_resources": {"listeners": [{
		"name": "l",
		"address": {"socket_address": {"port_value": 8443}},
		"filter_chains": [{"filters": [{"typed_config": {"http_filters": [{"typed_config": object.union(
			{"@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"},
			fields,
		)}]}}]}],
	}]}},
}

told(throttling, connectors, fields) := {denial.message | some denial in denials} if {
	denials := second_line_stricter.deny with input as site(throttling, connectors, fields)
}

test_a_client_with_limits_of_its_own_needs_them_too if {
	throttling := {"client": bucket(100, 60), "clients": [{"client": "people:a", "bucket": bucket(101, 61)}]}
	told(throttling, [], {"descriptors": [descriptor("token", 101, 2)]}) == set()
	told(throttling, [], {"descriptors": [descriptor("token", 100, 1)]}) == {
		"the proxy admits 100 requests of people:a at once, and the API 101",
		"the proxy admits 1 requests of people:a every 1 seconds, and the API 61 a minute",
	}
}

test_every_connector_may_send_from_one_address if {
	descriptors := {"descriptors": [descriptor("without_token", 200, 2)]}
	told({"client": null, "endpoint": bucket(50, 30)}, ["a", "b"], descriptors) == set()
	told({"client": null, "endpoint": bucket(50, 30)}, ["a", "b", "c"], descriptors) == {
		concat("", [
			"the proxy admits 200 requests of an address with every connector at once, ",
			"and the API 250",
		]),
		concat("", [
			"the proxy admits 2 requests of an address with every connector every 1 seconds, ",
			"and the API 150 a minute",
		]),
	}
}

test_no_bucket_is_everybodys if {
	fields := {"descriptors": [descriptor("token", 100, 1)], "token_bucket": {"max_tokens": 1000}}
	told({"client": bucket(100, 60)}, [], fields) == {
		"the proxy limits all clients together, and the API each of them",
	}
}
