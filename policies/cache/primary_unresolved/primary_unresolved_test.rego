package cache.primary_unresolved_test

import data.cache.primary_unresolved
import rego.v1

replication(spec) := {"file": "r.yaml", "object": {
	"kind": "RedisReplication",
	"metadata": {"name": "c", "namespace": "n"},
	"spec": spec,
}}

policy(namespace, labels) := {"file": "p.yaml", "object": {
	"kind": "NetworkPolicy",
	"metadata": {"name": "p", "namespace": namespace},
	"spec": {"podSelector": {"matchLabels": labels}, "egress": [{"ports": [{"protocol": "UDP", "port": 53}]}]},
}}

secured := replication({"TLS": {"secret": {"secretName": "s"}}})

test_servers_that_may_ask_for_names_pass if {
	primary_unresolved.deny == set() with input as {"documents": [secured, policy("n", {"app": "c"})]}
}

test_the_policy_of_other_pods_does_not_help if {
	every other in [policy("n", {"app": "d"}), policy("m", {"app": "c"})] {
		denials := primary_unresolved.deny with input as {"documents": [secured, other]}
		{denial.message | some denial in denials} == {"no policy lets the servers of c resolve names"}
	}
}

test_without_tls_the_operator_names_an_address if {
	primary_unresolved.examined == set() with input as {"documents": [replication({})]}
}
