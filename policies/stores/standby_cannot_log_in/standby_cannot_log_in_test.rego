package stores.standby_cannot_log_in_test

import data.stores.standby_cannot_log_in
import rego.v1

cluster(rules) := {"file": "c.yaml", "object": {
	"kind": "Cluster",
	"metadata": {"name": "db", "namespace": "data"},
	"spec": {"postgresql": {"pg_hba": rules, "parameters": {"max_connections": "60"}}},
}}

role(fields) := {"file": "r.yaml", "object": {
	"kind": "DatabaseRole",
	"metadata": {"name": "reader", "namespace": "data"},
	"spec": object.union({"cluster": {"name": "db"}, "name": "reader", "connectionLimit": 44}, fields),
}}

deployment(parameters) := {"file": "d.yaml", "object": {
	"kind": "Deployment",
	"metadata": {"name": "api", "namespace": "application"},
	"spec": {
		"replicas": 2,
		"minReadySeconds": 30,
		"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
		"template": {"spec": {"containers": [{"name": "api", "env": [{
			"name": "CBP_DATABASE_URL",
			"value": sprintf("postgresql://reader@db-r.data.svc/c?%s", [parameters]),
		}]}]}},
	},
}}

said(documents) := {denial.message | some denial in denials} if {
	settings := {"process": {"workers": 1}, "database": {"pool_size": 5, "read_pool_size": 5}}
	denials := standby_cannot_log_in.deny with input as {"settings": settings, "documents": documents}
}

certified := {"disablePassword": true, "clientCertificate": {}}

complete := "sslcert=/c&sslkey=/k&default_transaction_read_only=on"

named(faults) := {sprintf("the role reader, which reads where the cluster stands by, %s", [fault]) | some fault in faults}

test_a_role_with_a_certificate_and_its_rule_passes if {
	said([cluster(["hostssl c reader all cert"]), role(certified), deployment(complete)]) == set()
}

test_each_missing_part_is_named if {
	said([cluster([]), role({}), deployment("default_transaction_read_only=on")]) == named({
		"has no certificate",
		"has a password",
		"presents no certificate",
		"is admitted by no rule of pg_hba",
	})
}

test_a_role_has_as_many_connections_as_its_pods_open_and_no_more_than_there_are if {
	few := object.union(certified, {"connectionLimit": 43})
	said([cluster(["hostssl c reader all cert"]), role(few), deployment(complete)]) == named({
		"may open 43 connections, and its pods open 44"
	})
	many := object.union(certified, {"connectionLimit": 58})
	said([cluster(["hostssl c reader all cert"]), role(many), deployment(complete)]) == named({
		"may open 58 connections, and the server accepts 57"
	})
}

test_a_pod_that_writes_is_judged_by_other_rules if said([deployment("sslmode=require")]) == set()
