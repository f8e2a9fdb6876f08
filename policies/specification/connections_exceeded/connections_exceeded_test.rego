package specification.connections_exceeded_test

import data.specification.connections_exceeded
import rego.v1

demand(pool) := {
	"spec": {
		"compute": {"application_tier": {"instances": {"max": 8}}},
		"orchestration": {"configuration": {"rolling_update": {"max_surge": 2}}},
		"load_balancing": {"database": {"max_connections": 1000}},
	},
	"settings": {"process": {"workers": 2}, "database": {"pool_size": pool - 1, "read_pool_size": 1}},
}

test_the_last_connection_may_be_used if connections_exceeded.deny == set() with input as demand(50)

test_the_arithmetic_is_in_the_message if {
	denials := connections_exceeded.deny with input as demand(60)
	{denial.message | some denial in denials} == {concat("", [
		"(8 instances + 2 during an update) x 2 workers x 60 connections = 1200, ",
		"but the pooler accepts 1000",
	])}
}
