package specification.proxy_image_disagrees_test

import data.specification.proxy_image_disagrees
import rego.v1

told(name, repository) := {denial.message | some denial in denials} if {
	denials := proxy_image_disagrees.deny with input as {"spec": {"containers": {
		"sidecar": {"proxy": {"image": name}},
		"images": {"envoy": {"repository": repository}},
	}}}
}

test_the_last_parts_are_one_name if {
	told("envoy", "registry.bank.example/mirror/envoyproxy/envoy") == set()
	told("envoyproxy/envoy", "registry.bank.example/mirror/envoyproxy/envoy") == set()
	told("envoy", "registry.bank.example/mirror/nginx") == {"the proxy is envoy, and its image that of nginx"}
}
