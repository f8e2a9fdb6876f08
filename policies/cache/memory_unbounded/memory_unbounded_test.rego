package cache.memory_unbounded_test

import data.cache.memory_unbounded
import rego.v1

test_a_replication_without_a_limit_is_denied if {
	replication := {"kind": "RedisReplication", "metadata": {"name": "cache"}, "spec": {}}
	documents := [{"file": "r.yaml", "object": replication}]
	denials := memory_unbounded.deny with input as {"documents": documents}
	{denial.message | some denial in denials} == {"the replication cache may take 0% of a limit of ''"}
}
