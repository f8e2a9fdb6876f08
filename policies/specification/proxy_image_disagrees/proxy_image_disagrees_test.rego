package specification.proxy_image_disagrees_test

import data.specification.proxy_image_disagrees
import rego.v1

told(sidecar, image, name, repository) := {denial.message | some denial in denials} if {
	denials := proxy_image_disagrees.deny with input as {"spec": {"containers": {
		"sidecar": {sidecar: {"image": name}},
		"images": {image: {"repository": repository}},
	}}}
}

test_the_last_parts_are_one_name if {
	told("proxy", "envoy", "envoy", "registry.bank.example/mirror/envoyproxy/envoy") == set()
	told("proxy", "envoy", "envoyproxy/envoy", "registry.bank.example/mirror/envoyproxy/envoy") == set()
	told("proxy", "envoy", "envoy", "registry.bank.example/mirror/nginx") == {
		"the sidecar proxy is envoy, and its image that of nginx",
	}
}

test_the_measurements_of_nodes_are_a_program_too if {
	told("metrics", "node_exporter", "prometheus/node-exporter", "registry.bank.example/mirror/node-exporter") == set()
	told("metrics", "node_exporter", "prometheus/node-exporter", "registry.bank.example/mirror/telegraf") == {
		"the sidecar metrics is node-exporter, and its image that of telegraf",
	}
}
