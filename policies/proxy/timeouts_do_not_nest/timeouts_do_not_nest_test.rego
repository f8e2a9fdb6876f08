package proxy.timeouts_do_not_nest_test

import data.proxy.timeouts_do_not_nest
import rego.v1

address := {"socket_address": {"address": "127.0.0.1", "port_value": 8080}}

cluster := {
	"name": "api",
	"load_assignment": {"endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}]},
}

routing(action) := {"virtual_hosts": [{"routes": [{"match": {"prefix": "/"}, "route": action}]}]}

site(action, keep) := {
	"settings": {
		"process": {"port": 8080, "keep_alive_seconds": keep},
		"database": {"connect_timeout_seconds": 3, "statement_timeout_seconds": 30},
	},
	"documents": [{"file": "i.yaml", "object": {"kind": "Ingress", "metadata": {"name": "i"}}}],
	"proxy": {"file": "p.json", "static_resources": {
		"clusters": [cluster],
		"listeners": [{
			"name": "l",
			"address": address,
			"filter_chains": [{"filters": [{"typed_config": {"route_config": routing(action)}}]}],
		}],
	}},
}

told(action, keep) := {denial.message | some denial in denials} if {
	denials := timeouts_do_not_nest.deny with input as site(action, keep)
}

test_without_limits_of_its_own_the_proxy_has_those_of_its_authors if {
	told({"cluster": "api"}, 3601) == {"the proxy gives up after 15 seconds, and an answer may take 33"}
	told({"cluster": "api"}, 3600) == {
		"the proxy gives up after 15 seconds, and an answer may take 33",
		"the proxy keeps a connection for 3600 idle seconds, and the API for 3600",
	}
}

test_no_limit_is_longer_than_any if {
	told({"cluster": "api", "timeout": 0}, 3601) == {concat("", [
		"the proxy waits for 4294967295 seconds, ",
		"and the load balancer for 60",
	])}
}
