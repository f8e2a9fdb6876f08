package kubernetes.snapshot_class_missing_test

import data.kubernetes.snapshot_class_missing
import rego.v1

test_a_storage_class_alone_is_denied if {
	class := {"kind": "StorageClass", "metadata": {"name": "fast"}, "provisioner": "a.csi"}
	denials := snapshot_class_missing.deny with input as {"documents": [{"file": "c.yaml", "object": class}]}
	{denial.message | some denial in denials} == {"no snapshot class copies the volumes of a.csi"}
}
