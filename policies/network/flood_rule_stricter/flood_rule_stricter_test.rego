package network.flood_rule_stricter_test

import data.network.flood_rule_stricter
import rego.v1

bucket := {"capacity": 1000, "refill_per_minute": 1000}

judged(clients, throttling, fields) := {
	"environment": {"throttling": {"clients_of_an_address": clients}},
	"settings": {"throttling": object.union({"address": bucket, "client": bucket}, throttling)},
	"documents": [{"file": "w.yaml", "object": {
		"kind": "WebACL",
		"metadata": {"name": "api"},
		"spec": {"rules": [
			{"name": "group", "statement": {"managedRuleGroupStatement": {"name": "g"}}},
			{"name": "flood", "statement": {"rateBasedStatement": fields}},
		]},
	}}],
}

test_what_the_api_admits_of_an_address_passes if {
	every case in [[1, 4000], [3, 8000]] {
		fields := {"limit": case[1], "evaluationWindowSec": 60}
		flood_rule_stricter.deny == set() with input as judged(case[0], {}, fields)
	}
}

test_a_longer_window_has_to_hold_what_is_refilled_in_it if {
	denials := flood_rule_stricter.deny with input as judged(1, {}, {"limit": 4000})
	{denial.message | some denial in denials} == {
		"the rule flood admits 4000 requests of an address in 300 seconds, and the API 12000"
	}
}

test_a_client_with_more_and_the_limits_of_routes_count if {
	more := {"clients": [{"client": "people:a", "bucket": {"capacity": 3000, "refill_per_minute": 3000}}]}
	every throttling in [more, {"client": null, "endpoint": {"capacity": 3000, "refill_per_minute": 3000}}] {
		denials := flood_rule_stricter.deny with input as judged(1, throttling, {"limit": 7999, "evaluationWindowSec": 60})
		{[denial.pointer, denial.message] | some denial in denials} == {[
			"/spec/rules/1/statement/rateBasedStatement/limit",
			"the rule flood admits 7999 requests of an address in 60 seconds, and the API 8000",
		]}
	}
}

test_a_limit_of_all_together_is_denied if {
	fields := {"limit": 1000000, "aggregateKeyType": "CONSTANT"}
	denials := flood_rule_stricter.deny with input as judged(1, {}, fields)
	{denial.message | some denial in denials} == {"the rule flood counts by CONSTANT, and not each address alone"}
}
