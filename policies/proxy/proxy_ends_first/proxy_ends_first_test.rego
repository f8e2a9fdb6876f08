package proxy.proxy_ends_first_test

import data.proxy.proxy_ends_first
import rego.v1

site(fields) := {
	"settings": {"process": {"port": 8080}},
	"documents": [{"file": "p.yaml", "object": {
		"kind": "Pod",
		"metadata": {"name": "p"},
		"spec": object.union(fields, {"containers": [{"name": "api", "ports": [{"containerPort": 8080}]}]}),
	}}],
	"proxy": {"static_resources": {"listeners": [{
		"name": "l",
		"address": {"socket_address": {"port_value": 8443}},
		"filter_chains": [{"filters": [{"typed_config": {}}]}],
	}]}},
}

told(fields) := {denial.message | some denial in denials} if {
	denials := proxy_ends_first.deny with input as site(fields)
}

test_an_init_container_that_goes_on_is_a_sidecar if {
	container := {"name": "proxy", "ports": [{"containerPort": 8443}]}
	missing := {"no sidecar of the Pod p listens at 8443, as the proxy does"}
	told({"initContainers": [object.union(container, {"restartPolicy": "Always"})]}) == set()
	told({"initContainers": [container]}) == missing
	told({}) == missing
}
