package stores.instance_not_guaranteed_test

import data.stores.instance_not_guaranteed
import rego.v1

cluster(resources) := {"documents": [{"file": "c.yaml", "object": {
	"kind": "Cluster",
	"metadata": {"name": "db"},
	"spec": {"resources": resources},
}}]}

test_each_resource_is_judged if {
	resources := {"requests": {"cpu": 1000, "memory": 1}, "limits": {"cpu": 2000}}
	denials := instance_not_guaranteed.deny with input as cluster(resources)
	{denial.message | some denial in denials} == {
		"PostgreSQL in db has no request for cpu that is equal to its limit",
		"PostgreSQL in db has no request for memory that is equal to its limit",
	}
}
