package lib.stores_test

import data.lib.stores
import rego.v1

object(kind, spec) := {"documents": [{"file": "o.yaml", "object": {
	"kind": kind,
	"metadata": {"name": "o", "namespace": "n"},
	"spec": spec,
}}]}

test_a_pooler_has_the_connections_of_all_of_its_instances if {
	spec := {"instances": 2, "pgbouncer": {"parameters": {"max_client_conn": "250", "default_pool_size": "16"}}}
	poolers := stores.poolers with input as object("Pooler", spec)
	{[pooler.clients, pooler.servers] | some pooler in poolers} == {[500, 32]}
	count(stores.clusters) == 0 with input as object("Pooler", spec)
}

test_a_cluster_is_what_operators_make_postgresql_of if {
	clusters := stores.clusters with input as object("Cluster", {"instances": 3})
	{[item.name, item.spec] | some item in clusters} == {["o", {"instances": 3}]}
}

test_what_is_no_number_is_none if {
	every value in ["", "many", "-1", "1.5", null] {
		stores.number(value) == 0
	}
	stores.number("12") == 12
	stores.number(12) == 12
}

test_a_plugin_archives_where_it_is_told_to if {
	plugin := {"name": "p", "isWALArchiver": true, "parameters": {"barmanObjectName": "s"}}
	stores.archive({"spec": {"plugins": [plugin]}}) == "s"
	disabled := object.union(plugin, {"enabled": false})
	others := {name | name := stores.archive({"spec": {"plugins": [disabled, {"name": "q"}]}})}
	others == set()
}

scaled := [{"file": "s.yaml", "object": {
	"kind": "ScaledObject",
	"metadata": {"name": "s", "namespace": "n"},
	"spec": {"scaleTargetRef": {"kind": "Cluster", "name": "o"}, "minReplicaCount": 4, "maxReplicaCount": 5},
}}]

test_a_cluster_may_have_each_number_to_which_it_is_scaled_and_its_own if {
	cluster := {"name": "o", "namespace": "n", "spec": {"instances": 3}}
	stores.counts(cluster) == {3, 4, 5} with input as {"documents": scaled}
	stores.counts(object.union(cluster, {"name": "p"})) == {3} with input as {"documents": scaled}
}

test_candidates_are_the_standbys_up_to_the_cap if {
	stores.candidates({"spec": {}}, 4) == 3
	stores.candidates({"spec": {"postgresql": {"synchronous": {"maxStandbyNamesFromCluster": 2}}}}, 4) == 2
}

test_a_quotient_is_rounded_up if {
	[stores.ceiling(3, 3), stores.ceiling(4, 3), stores.ceiling(6, 3)] == [1, 2, 2]
}

container(env) := {"documents": [{"file": "d.yaml", "object": {
	"kind": "Deployment",
	"metadata": {"name": "d", "namespace": "n"},
	"spec": {"template": {"spec": {"containers": [{"name": "c", "env": env}]}}},
}}]}

test_an_address_says_who_logs_in_and_where if {
	env := [
		{"name": "CBP_DATABASE_URL", "value": "postgresql://api@db-rw.data.svc:5432/configuration?sslmode=verify-full"},
		{"name": "CBP_DATABASE_MIGRATION_URL", "value": "postgres://migrator:word@db/configuration"},
		{"name": "CBP_REDIS_URL", "value": "rediss://cache:6379/0"},
		{"name": "NOTHING"},
	]
	logins := stores.logins with input as container(env)
	{[login.role, login.host, login.serves, login.pointer] | some login in logins} == {
		["api", "db-rw.data.svc", true, "/spec/template/spec/containers/0/env/0/value"],
		["migrator", "db", false, "/spec/template/spec/containers/0/env/1/value"],
	}
}
