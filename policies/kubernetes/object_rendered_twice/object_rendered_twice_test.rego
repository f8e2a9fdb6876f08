package kubernetes.object_rendered_twice_test

import data.kubernetes.object_rendered_twice
import rego.v1

service(file, namespace) := {"file": file, "object": {
	"kind": "Service",
	"metadata": {"name": "s", "namespace": namespace},
}}

test_one_name_in_two_namespaces_is_two_objects if {
	object_rendered_twice.deny == set() with input as {"documents": [service("a", "n"), service("b", "m")]}
}

test_the_second_file_is_denied_and_names_the_first if {
	denials := object_rendered_twice.deny with input as {"documents": [service("b", "n"), service("a", "n")]}
	{[denial.file, denial.message] | some denial in denials} == {["b", "the Service n/s is also rendered in a"]}
}
