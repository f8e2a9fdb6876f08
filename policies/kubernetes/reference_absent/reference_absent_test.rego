package kubernetes.reference_absent_test

import data.kubernetes.reference_absent
import rego.v1

pod(spec) := {"documents": [{"file": "p.yaml", "object": {
	"kind": "Pod",
	"metadata": {"name": "p", "namespace": "n"},
	"spec": spec,
}}]}

test_the_default_account_is_always_there if {
	reference_absent.deny == set() with input as pod({"serviceAccountName": "default", "volumes": [{"emptyDir": {}}]})
}

test_every_absent_object_is_denied_at_its_pointer if {
	spec := {"serviceAccountName": "a", "volumes": [{"emptyDir": {}}, {"configMap": {"name": "c"}}]}
	denials := reference_absent.deny with input as pod(spec)
	{[denial.pointer, denial.message] | some denial in denials} == {
		["/spec/serviceAccountName", "the pods of the Pod p need the ServiceAccount a, which is not rendered"],
		["/spec/volumes/1/configMap/name", "the pods of the Pod p need the ConfigMap c, which is not rendered"],
	}
}
