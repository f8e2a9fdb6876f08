package kubernetes.storage_class_discards_data_test

import data.kubernetes.storage_class_discards_data
import rego.v1

class := {"kind": "StorageClass", "metadata": {"name": "fast"}}

test_the_default_is_denied if {
	denials := storage_class_discards_data.deny with input as {"documents": [{"file": "c.yaml", "object": class}]}
	{denial.message | some denial in denials} == {"the storage class fast has the reclaim policy Delete"}
}
