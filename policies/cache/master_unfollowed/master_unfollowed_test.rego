package cache.master_unfollowed_test

import data.cache.master_unfollowed
import rego.v1

object(kind, name, spec) := {"file": "o.yaml", "object": {
	"kind": kind,
	"metadata": {"name": name, "namespace": "n"},
	"spec": spec,
}}

cache := [
	object("RedisReplication", "c", {"TLS": {"secret": {"secretName": "s"}}}),
	object("Certificate", "s", {"secretName": "s", "dnsNames": ["c-master.n.svc"]}),
	object("RedisSentinel", "w", {
		"clusterSize": 2,
		"redisSentinelConfig": {"redisReplicationName": "c", "masterGroupName": "m"},
	}),
]

both := "w-sentinel-0.w-sentinel-headless.n.svc:26379,w-sentinel-1.w-sentinel-headless.n.svc:26379"

client(variables) := object("Deployment", "a", {"template": {"spec": {"containers": [{
	"name": "a",
	"env": [{"name": name, "value": value} | some name, value in variables],
}]}}})

right := {
	"CBP_REDIS_URL": "rediss://user@c-master.n.svc:6379/0?ssl_ca_certs=/ca.crt",
	"CBP_REDIS_SENTINELS": both,
	"CBP_REDIS_MASTER_NAME": "m",
}

denied(variables) := denials if {
	denials := master_unfollowed.deny with input as {"documents": array.concat(cache, [client(variables)])}
}

test_a_client_that_knows_every_sentinel_follows if {
	denied(right) == set()
}

test_a_client_that_asks_none_is_named if {
	denials := denied({"CBP_REDIS_URL": "rediss://c-master.n.svc:6379/0"})
	{denial.message | some denial in denials} == {concat("", [
		"a connects to c-master.n.svc and asks nobody for the primary of no name: ",
		"no sentinels watch it so",
	])}
}

test_each_part_has_to_be_right if {
	every change in [
		{"CBP_REDIS_SENTINELS": "w-sentinel-0.w-sentinel-headless.n.svc:26379"},
		{"CBP_REDIS_MASTER_NAME": "another"},
		{"CBP_REDIS_URL": "rediss://10.0.0.1:6379/0"},
	] {
		count(denied(object.union(right, change))) == 1
	}
}

test_a_container_without_a_cache_is_no_client if {
	master_unfollowed.examined == set() with input as {"documents": [client({"OTHER": "x"})]}
}

test_a_cache_without_sentinels_is_not_followed if {
	documents := [client({"CBP_REDIS_URL": "redis://cache:6379/0"})]
	master_unfollowed.deny == set() with input as {"documents": documents}
}
