package proxy.pod_reached_past_proxy_test

import data.proxy.pod_reached_past_proxy
import rego.v1

pod := {"file": "p.yaml", "object": {
	"kind": "Pod",
	"metadata": {"name": "p", "namespace": "n", "labels": {"app": "a"}},
	"spec": {
		"initContainers": [{"name": "proxy", "ports": [{"name": "https", "containerPort": 8443}]}],
		"containers": [{"name": "api", "ports": [{"name": "http", "containerPort": 8080}]}],
	},
}}

service(port) := {"file": "s.yaml", "object": {
	"kind": "Service",
	"metadata": {"name": "s", "namespace": "n"},
	"spec": {"selector": {"app": "a"}, "ports": [port]},
}}

listener(chain) := {
	"name": "l",
	"address": {"socket_address": {"port_value": 8443}},
	"filter_chains": [object.union(chain, {"filters": [{"typed_config": {}}]})],
}

told(port, chain) := {[denial.pointer, denial.message] | some denial in denials} if {
	denials := pod_reached_past_proxy.deny with input as {
		"settings": {"process": {"port": 8080}},
		"documents": [pod, service(port)],
		"proxy": {"static_resources": {"listeners": [listener(chain)]}},
	}
}

test_a_service_leads_to_the_end_of_tls if {
	tls := {"transport_socket": {}}
	told({"port": 443, "targetPort": "https"}, tls) == set()
	told({"port": 8443}, tls) == set()
	told({"port": 80, "targetPort": "http"}, tls) == {
		["/spec/ports/0", "the Service s leads to port 8080 of the API's pods, at which no TLS ends"],
	}
	told({"port": 443, "targetPort": 8443}, {}) == {
		["/spec/ports/0", "the Service s leads to port 8443 of the API's pods, at which no TLS ends"],
	}
}
