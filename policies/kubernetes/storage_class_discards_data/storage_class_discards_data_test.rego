package kubernetes.storage_class_discards_data_test

import data.kubernetes.storage_class_discards_data
import rego.v1

class := {"file": "c.yaml", "object": {"kind": "StorageClass", "metadata": {"name": "fast"}}}

cluster := {"file": "d.yaml", "object": {
	"kind": "Cluster",
	"metadata": {"name": "db", "namespace": "data"},
	"spec": {"walStorage": {"storageClass": "fast"}},
}}

test_the_default_deletes_the_log_of_a_database_and_may_delete_anything_else if {
	storage_class_discards_data.deny == set() with input as {"documents": [class]}
	denials := storage_class_discards_data.deny with input as {"documents": [class, cluster]}
	{denial.message | some denial in denials} == {"the storage class fast has the reclaim policy Delete"}
}
