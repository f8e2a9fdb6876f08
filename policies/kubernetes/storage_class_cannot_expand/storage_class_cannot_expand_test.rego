package kubernetes.storage_class_cannot_expand_test

import data.kubernetes.storage_class_cannot_expand
import rego.v1

class := {"kind": "StorageClass", "metadata": {"name": "fast"}}

test_the_default_is_denied if {
	denials := storage_class_cannot_expand.deny with input as {"documents": [{"file": "c.yaml", "object": class}]}
	{denial.message | some denial in denials} == {"volumes of the storage class fast cannot grow"}
}
