package cache.replica_loss_stops_writes_test

import data.cache.replica_loss_stops_writes
import rego.v1

servers(size, text) := {"documents": [
	{"file": "r.yaml", "object": {
		"kind": "RedisReplication",
		"metadata": {"name": "c", "namespace": "n"},
		"spec": {"clusterSize": size, "redisConfig": {"additionalRedisConfig": "m"}},
	}},
	{"file": "m.yaml", "object": {
		"kind": "ConfigMap",
		"metadata": {"name": "m", "namespace": "n"},
		"data": {"redis.conf": text},
	}},
]}

test_one_of_two_replicas_may_be_away if {
	replica_loss_stops_writes.deny == set() with input as servers(3, "appendonly yes\nmin-replicas-to-write 1\n")
}

test_all_of_them_and_none_are_denied if {
	every text, message in {
		"min-replicas-to-write 2\n": "c writes with 2 of 2 replicas",
		"appendonly yes\n": "c writes with 0 of 2 replicas",
	} {
		denials := replica_loss_stops_writes.deny with input as servers(3, text)
		{denial.message | some denial in denials} == {message}
	}
}
