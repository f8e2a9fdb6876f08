package kubernetes.pod_security_missing_test

import data.kubernetes.pod_security_missing
import rego.v1

test_a_namespace_without_labels_is_privileged if {
	document := {"documents": [{"file": "n.yaml", "object": {"kind": "Namespace", "metadata": {"name": "n"}}}]}
	denials := pod_security_missing.deny with input as document
	{denial.message | some denial in denials} == {"the namespace n enforces the level privileged, not restricted"}
}
