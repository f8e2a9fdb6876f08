package cache.persistence_missing_test

import data.cache.persistence_missing
import rego.v1

replication := {"kind": "RedisReplication", "metadata": {"name": "cache"}, "spec": {}}

judged(enabled) := {
	"spec": {"storage": {"cache": {"persistence": {"enabled": enabled}}}},
	"documents": [{"file": "r.yaml", "object": replication}],
}

test_a_replication_without_a_volume_is_denied if {
	denials := persistence_missing.deny with input as judged(true)
	{denial.message | some denial in denials} == {"the replication cache has no volume"}
}

test_a_cache_that_may_forget_needs_none if {
	persistence_missing.examined == set() with input as judged(false)
}
