package proxy.changes_repeated_test

import data.proxy.changes_repeated
import rego.v1

address := {"socket_address": {"address": "127.0.0.1", "port_value": 8080}}

site(host, manager, thresholds) := {
	"settings": {"process": {"port": 8080}},
	"proxy": {"file": "p.json", "static_resources": {
		"clusters": [{
			"name": "api",
			"circuit_breakers": {"thresholds": thresholds},
			"load_assignment": {"endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}]},
		}],
		"listeners": [{
			"name": "l",
			"address": address,
			"filter_chains": [{"filters": [{"typed_config": object.union(
				manager,
				{"route_config": {"virtual_hosts": [host]}},
			)}]}],
		}],
	}},
}

nobody := {"internal_address_config": {"cidr_ranges": []}}

budget := [{"retry_budget": {}}]

policy := {"retry_back_off": {"base_interval": "0.100s"}}

route(method, retried) := {"routes": [{
	"match": {"headers": [{"name": ":method", "string_match": {"safe_regex": {"regex": method}}}]},
	"route": object.union({"cluster": "api"}, retried),
}]}

told(host, manager, thresholds) := {denial.message | some denial in denials} if {
	denials := changes_repeated.deny with input as site(host, manager, thresholds)
}

test_reads_are_repeated_after_a_pause_within_a_budget if {
	told(route("GET|HEAD", {"retry_policy": policy}), nobody, budget) == set()
	told(route("GET", {"retry_policy": {}}), nobody, []) == {
		"the proxy repeats requests without a pause",
		"the proxy repeats requests without a budget",
	}
}

test_changes_are_repeated_by_nobody if {
	told(route("GET|PUT", {"retry_policy": policy}), nobody, budget) == {
		"the proxy repeats requests of a route that is not for GET and HEAD alone",
	}
	told(object.union(route("PUT", {}), {"retry_policy": policy}), nobody, budget) == {
		"the proxy repeats every request of a host",
	}
	told(route("PUT", {}), {}, budget) == {"the proxy repeats what a client asks it to, by a header"}
}
