package stores.standby_session_writes_test

import data.stores.standby_session_writes
import rego.v1

read_only := "default_transaction_read_only=on"

judged(cluster, url) := {"cluster": cluster, "documents": [
	{"file": "c.yaml", "object": {"kind": "Cluster", "metadata": {"name": "db", "namespace": "data"}, "spec": {}}},
	{"file": "d.yaml", "object": {
		"kind": "Deployment",
		"metadata": {"name": "api", "namespace": "application"},
		"spec": {"template": {"spec": {"containers": [{
			"name": "api",
			"env": [{"name": "CBP_DATABASE_URL", "value": url}],
		}]}}},
	}},
]}

said(cluster, url) := {denial.message | some denial in denials} if {
	denials := standby_session_writes.deny with input as judged(cluster, url)
}

waits := {"name": "b", "role": "primary", "handover": {"predecessor": "a"}}

takes_over := {"name": "b", "role": "primary", "handover": {"predecessor": "a", "token": "t"}}

test_replicas_are_read_where_the_cluster_stands_by if {
	every service in ["db-r", "db-ro"] {
		said({"name": "b", "role": "recovery"}, sprintf("postgresql://s@%s.data.svc/c?%s", [service, read_only])) == set()
	}
}

test_a_pooler_and_a_session_that_writes_are_denied_until_the_cluster_serves if {
	every cluster in [{"name": "b", "role": "recovery"}, waits] {
		said(cluster, "postgresql://s@db-pooler-rw.data.svc/c?sslmode=require") == {
			"CBP_DATABASE_URL of the cluster b leads past the replicas",
			"CBP_DATABASE_URL of the cluster b may change what it reads",
		}
	}
}

test_a_cluster_that_serves_writes if {
	every cluster in [{"name": "b", "role": "primary"}, takes_over] {
		said(cluster, "postgresql://s@db-pooler-rw.data.svc/c?sslmode=require") == set()
		said(cluster, sprintf("postgresql://s@db-r.data.svc/c?%s", [read_only])) == {
			"CBP_DATABASE_URL of the cluster b may change nothing"
		}
	}
}
