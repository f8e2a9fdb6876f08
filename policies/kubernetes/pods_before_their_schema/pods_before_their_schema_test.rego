package kubernetes.pods_before_their_schema_test

import data.kubernetes.pods_before_their_schema
import rego.v1

workload(kind, name, env) := {"file": sprintf("%s.yaml", [name]), "object": {
	"kind": kind,
	"metadata": {"name": name, "namespace": "n"},
	"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "i", "env": env}]}}},
}}

serving := [{"name": "CBP_DATABASE_URL", "value": "postgresql://api@db/c"}]

test_a_release_without_a_migration_is_denied if {
	denials := pods_before_their_schema.deny with input as {"documents": [workload("Deployment", "api", serving)]}
	{denial.message | some denial in denials} == {
		"the pods of api start although no earlier wave migrates the database by their image",
	}
}

test_pods_without_the_database_need_none if {
	documents := [workload("Deployment", "other", []), workload("Job", "once", serving)]
	pods_before_their_schema.examined == set() with input as {"documents": documents}
}
