package proxy.administration_reached_test

import data.proxy.administration_reached
import rego.v1

socket(address) := {"socket_address": {"address": address, "port_value": 9902}}

site(address, match) := {"proxy": {"file": "p.json", "admin": {"address": address}, "static_resources": {
	"clusters": [{
		"name": "admin",
		"load_assignment": {"endpoints": [{"lb_endpoints": [{"endpoint": {"address": socket("127.0.0.1")}}]}]},
	}],
	"listeners": [{
		"name": "statistics",
		"address": socket("0.0.0.0"),
		"filter_chains": [{"filters": [{"typed_config": {"route_config": {"virtual_hosts": [{"routes": [{
			"match": match,
			"route": {"cluster": "admin"},
		}]}]}}}]}],
	}],
}}}

told(address, match) := {denial.message | some denial in denials} if {
	denials := administration_reached.deny with input as site(address, match)
}

header(name, value) := {"name": name, "string_match": {"exact": value}}

reading := {"path": "/ready", "headers": [header(":method", "GET"), header(":path", "/ready")]}

test_it_is_the_pods_own if {
	told(socket("127.0.0.1"), reading) == set()
	told({"pipe": {"path": "/tmp/admin"}}, reading) == set()
	told(socket("0.0.0.0"), reading) == {"the administration of the proxy listens at 0.0.0.0"}
}

test_any_other_way_to_it_is_denied if {
	every match in [
		{"prefix": "/"},
		object.remove(reading, ["headers"]),
		object.union(reading, {"path": "/quitquitquit"}),
		object.union(reading, {"headers": [header(":method", "POST"), header(":path", "/ready")]}),
		object.union(reading, {"headers": [header(":method", "GET")]}),
	] {
		told(socket("127.0.0.1"), match) == {concat("", [
			"the listener statistics leads to the administration of the proxy ",
			"by more than a reading",
		])}
	}
}
