package cache.failover_out_of_bounds_test

import data.cache.failover_out_of_bounds
import rego.v1

sentinel(config) := {"documents": [{"file": "s.yaml", "object": {
	"kind": "RedisSentinel",
	"metadata": {"name": "s"},
	"spec": {"redisSentinelConfig": config},
}}]}

test_a_failover_may_take_twice_as_long_as_a_silence if {
	config := {"downAfterMilliseconds": "10000", "failoverTimeout": "20000"}
	failover_out_of_bounds.deny == set() with input as sentinel(config)
}

test_redis_own_times_count_where_none_are_given if {
	denials := failover_out_of_bounds.deny with input as sentinel({})
	{denial.message | some denial in denials} == {concat("", [
		"s gives its primary up after 30000 ms and a failover after 180000: ",
		"5000 to 15000, and from twice that to 60000 are right",
	])}
}
