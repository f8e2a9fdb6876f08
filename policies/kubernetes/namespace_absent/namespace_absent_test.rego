package kubernetes.namespace_absent_test

import data.kubernetes.namespace_absent
import rego.v1

test_a_storage_class_has_no_namespace if {
	document := {"file": "s.yaml", "object": {"kind": "StorageClass", "metadata": {"name": "premium-ssd"}}}
	namespace_absent.deny == set() with input as {"documents": [document]}
}

test_an_object_without_a_namespace_is_denied if {
	document := {"file": "c.yaml", "object": {"kind": "ConfigMap", "metadata": {"name": "c"}}}
	denials := namespace_absent.deny with input as {"documents": [document]}
	{denial.message | some denial in denials} == {"the ConfigMap c is in the namespace '', which is not rendered"}
}
