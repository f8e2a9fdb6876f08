package proxy.server_unguarded_test

import data.proxy.server_unguarded
import rego.v1

address := {"socket_address": {"address": "127.0.0.1", "port_value": 8080}}

site(cluster) := {
	"settings": {"process": {"port": 8080}},
	"proxy": {"file": "p.json", "static_resources": {
		"clusters": [object.union(cluster, {
			"name": "api",
			"load_assignment": {"endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}]},
		})],
		"listeners": [{"name": "l", "address": address, "filter_chains": [{"filters": [{"typed_config": {"route_config": {
			"virtual_hosts": [{"routes": [{"route": {"cluster": "api"}}]}],
		}}}]}]}],
	}},
}

test_each_bound_that_is_missing_is_named if {
	cluster := {"circuit_breakers": {"thresholds": [{"max_requests": 1}]}, "health_checks": [{}]}
	denials := server_unguarded.deny with input as site(cluster)
	{denial.message | some denial in denials} == {
		"the proxy sends requests to api without max_connections",
		"the proxy sends requests to api without max_pending_requests",
	}
}

test_a_health_that_nobody_asks_for_is_denied if {
	thresholds := [{"max_connections": 1, "max_pending_requests": 1, "max_requests": 1}]
	denials := server_unguarded.deny with input as site({"circuit_breakers": {"thresholds": thresholds}})
	{denial.message | some denial in denials} == {"the proxy sends requests to api without asking for its health"}
}
