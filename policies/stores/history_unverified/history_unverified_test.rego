package stores.history_unverified_test

import data.stores.history_unverified
import rego.v1

deployment := {"file": "d.yaml", "object": {
	"kind": "Deployment",
	"metadata": {"name": "d"},
	"spec": {"template": {"spec": {"containers": [{"name": "c", "env": [{
		"name": "CBP_DATABASE_URL",
		"value": "postgresql://api@db/c",
	}]}]}}},
}}

test_pods_that_write_need_the_job if {
	denials := history_unverified.deny with input as {"documents": [deployment]}
	{denial.message | some denial in denials} == {
		"no daily job compares the entries with their history: runtime.maintenance verify-history",
	}
}

test_without_pods_there_is_no_history_to_verify if {
	history_unverified.examined == set() with input as {"documents": []}
}
