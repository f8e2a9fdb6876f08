package cache.quorum_not_a_majority_test

import data.cache.quorum_not_a_majority
import rego.v1

test_half_is_denied if {
	sentinel := {"kind": "RedisSentinel", "spec": {"clusterSize": 4, "redisSentinelConfig": {"quorum": "2"}}}
	denials := quorum_not_a_majority.deny with input as {"documents": [{"file": "s.yaml", "object": sentinel}]}
	{denial.message | some denial in denials} == {"2 of 4 sentinels are no majority that survives"}
}
