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
	{login.variable | some login in logins; not login.writes} == set()
	{[login.role, login.host, login.serves, login.pointer] | some login in logins} == {
		["api", "db-rw.data.svc", true, "/spec/template/spec/containers/0/env/0/value"],
		["migrator", "db", false, "/spec/template/spec/containers/0/env/1/value"],
	}
}

job(fields) := object("CronJob", object.union(
	{
		"schedule": "20 2 * * *",
		"jobTemplate": {"spec": {"template": {"spec": {"containers": [{"name": "c", "command": ["a", "b"]}]}}}},
	},
	fields,
))

test_a_job_runs_by_its_schedule_unless_it_is_suspended if {
	stores.scheduled == {{"command": "a b", "schedule": "20 2 * * *"}} with input as job({})
	stores.daily == {"a b"} with input as job({})
	stores.daily == set() with input as job({"schedule": "20 2 1 * *"})
	stores.scheduled == set() with input as job({"suspend": true})
}

test_a_session_that_only_reads_writes_nothing if {
	address := "postgresql://reader@db-r/c?sslmode=verify-full&default_transaction_read_only=on"
	logins := stores.logins with input as container([{"name": "CBP_DATABASE_URL", "value": address}])
	{[login.writes, login.parameters.sslmode] | some login in logins} == {[false, "verify-full"]}
}

test_roles_are_those_of_clusters_and_of_objects_of_their_own if {
	roles := stores.roles with input as object("DatabaseRole", {"name": "reader"})
	{[role.fields.name, role.pointer] | some role in roles} == {["reader", "/spec"]}
	of_cluster := stores.roles with input as object("Cluster", {"managed": {"roles": [{"name": "api"}]}})
	{[role.fields.name, role.pointer] | some role in of_cluster} == {["api", "/spec/managed/roles/0"]}
}

test_a_role_has_a_certificate_where_it_asks_for_one if {
	asking := {"name": "reader", "cluster": {"name": "db"}, "clientCertificate": {}}
	made := stores.certificates with input as object("DatabaseRole", asking)
	made == {{"namespace": "n", "secret": "o-client-cert", "role": "reader", "cluster": "db"}}
	off := object.union(asking, {"clientCertificate": {"enabled": false}})
	count(stores.certificates) == 0 with input as object("DatabaseRole", off)
}

test_a_store_copies_secrets_of_one_namespace_by_one_account if {
	provider := {"kubernetes": {"remoteNamespace": "data", "auth": {"serviceAccount": {"name": "a"}}}}
	copiers := stores.copiers with input as object("SecretStore", {"provider": provider})
	copiers == {{"store": "o", "account": {"kind": "ServiceAccount", "name": "a", "namespace": "n"}, "reads": "data"}}
	count(stores.copiers) == 0 with input as object("SecretStore", {"provider": {"vault": {}}})
}

test_a_cluster_serves_as_the_primary_and_once_it_has_the_token if {
	every cluster in [{"role": "primary"}, {"role": "primary", "handover": null}, {"role": "primary", "handover": {"token": "t"}}] {
		stores.serving with input as {"cluster": cluster}
	}
	every cluster in [{"role": "recovery"}, {"role": "primary", "handover": {"predecessor": "a"}}] {
		not stores.serving with input as {"cluster": cluster}
	}
}
