package cache.server_unnamed_test

import data.cache.server_unnamed
import rego.v1

object(kind, name, spec) := {"file": "o.yaml", "object": {
	"kind": kind,
	"metadata": {"name": name, "namespace": "n"},
	"spec": spec,
}}

named(names) := {"documents": [
	object("RedisReplication", "c", {"clusterSize": 2, "TLS": {"secret": {"secretName": "s"}}}),
	object("Certificate", "s", {"secretName": "s", "dnsNames": names}),
]}

test_every_pod_and_the_service_of_the_primary_are_named if {
	names := ["c-master.n.svc", "c-0.c-headless.n.svc", "c-1.c-headless.n.svc"]
	server_unnamed.deny == set() with input as named(names)
}

test_the_name_that_is_missing_is_said if {
	denials := server_unnamed.deny with input as named(["c-master.n.svc", "c-0.c-headless.n.svc"])
	{denial.message | some denial in denials} == {"no certificate of c holds the name c-1.c-headless.n.svc"}
}

test_a_sentinel_whose_certificate_nobody_makes_has_no_name if {
	sentinel := object("RedisSentinel", "c", {"clusterSize": 1, "TLS": {"secret": {"secretName": "s"}}})
	denials := server_unnamed.deny with input as {"documents": [sentinel]}
	{denial.message | some denial in denials} == {
		"no certificate of c holds the name c-sentinel.n.svc",
		"no certificate of c holds the name c-sentinel-0.c-sentinel-headless.n.svc",
	}
}
