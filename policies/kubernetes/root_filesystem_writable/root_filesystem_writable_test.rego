package kubernetes.root_filesystem_writable_test

import data.kubernetes.root_filesystem_writable
import rego.v1

test_an_init_container_is_no_exception if {
	pod := {"file": "a.yaml", "object": {"kind": "Pod", "spec": {"initContainers": [{"name": "setup"}]}}}
	denials := root_filesystem_writable.deny with input as {"documents": [pod]}
	{[denial.pointer, denial.message] | some denial in denials} == {[
		"/spec/initContainers/0/securityContext",
		"the root filesystem of the container setup is writable",
	]}
}
