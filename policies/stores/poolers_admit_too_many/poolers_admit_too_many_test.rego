package stores.poolers_admit_too_many_test

import data.stores.poolers_admit_too_many
import rego.v1

poolers(admitted) := {
	"spec": {"load_balancing": {"database": {"max_connections": 1000}}},
	"documents": [document |
		some name in ["ro", "rw"]
		document := {"file": sprintf("%s.yaml", [name]), "object": {
			"kind": "Pooler",
			"metadata": {"name": name},
			"spec": {"instances": 2, "pgbouncer": {"parameters": {"max_client_conn": admitted}}},
		}}
	],
}

test_the_sum_may_reach_the_limit if poolers_admit_too_many.deny == set() with input as poolers("250")

test_each_pooler_is_named_with_its_part if {
	denials := poolers_admit_too_many.deny with input as poolers("251")
	{denial.message | some denial in denials} == {
		"the poolers together admit 1004 clients, 502 of them by ro, and the limit is 1000",
		"the poolers together admit 1004 clients, 502 of them by rw, and the limit is 1000",
	}
}
