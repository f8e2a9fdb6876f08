package stores.history_unkept_test

import data.stores.history_unkept
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
	denials := history_unkept.deny with input as {"documents": [deployment]}
	{denial.message | some denial in denials} == {
		"no daily job keeps the history of changes: runtime.maintenance events",
	}
}

test_without_pods_there_is_no_history_to_keep if {
	history_unkept.examined == set() with input as {"documents": []}
}
