package kubernetes.image_public_test

import data.kubernetes.image_public
import rego.v1

pod(stage, image) := {"environment": {"stage": stage}, "documents": [{"file": "a.yaml", "object": {
	"kind": "Pod",
	"spec": {"containers": [{"name": "c", "image": image}]},
}}]}

test_a_registry_of_our_own_and_development_pass if {
	image_public.deny == set() with input as pod("production", "registry.bank.example:5000/a@sha256:00")
	image_public.deny == set() with input as pod("development", "docker.io/library/a:1")
}

test_a_name_without_a_host_is_docker_s if {
	denials := image_public.deny with input as pod("staging", "library/a:1")
	{denial.message | some denial in denials} == {"the container c pulls 'library/a:1' from docker.io"}
}
