package stores.clients_not_admitted_test

import data.stores.clients_not_admitted
import rego.v1

pooler(admitted) := {
	"spec": {
		"compute": {"application_tier": {"instances": {"max": 8}}},
		"orchestration": {"configuration": {"rolling_update": {"max_surge": 1}}},
	},
	"settings": {"process": {"workers": 2}, "database": {"pool_size": 12, "read_pool_size": 8}},
	"documents": [{"file": "p.yaml", "object": {
		"kind": "Pooler",
		"metadata": {"name": "p"},
		"spec": {"instances": 3, "pgbouncer": {"parameters": {"max_client_conn": admitted}}},
	}}],
}

test_the_last_connection_may_be_used if clients_not_admitted.deny == set() with input as pooler("360")

test_what_is_no_number_admits_nobody if {
	denials := clients_not_admitted.deny with input as pooler("many")
	{denial.message | some denial in denials} == {concat("", [
		"the pods keep up to 360 connections to the pooler p, ",
		"and the last of its instances admits 0",
	])}
}
