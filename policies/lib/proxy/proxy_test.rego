package lib.proxy_test

import data.lib.proxy
import rego.v1

address(port) := {"socket_address": {"address": "127.0.0.1", "port_value": port}}

cluster(name, port) := {
	"name": name,
	"load_assignment": {"endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(port)}}]}]},
}

configuration := {"static_resources": {
	"listeners": [{
		"name": "l",
		"address": address(8443),
		"filter_chains": [{
			"transport_socket": {},
			"filters": [{"typed_config": {"route_config": {"virtual_hosts": [{"name": "h", "routes": [
				{"match": {"prefix": "/"}, "route": {"cluster": "a"}},
				{"match": {"prefix": "/"}, "direct_response": {"status": 404}},
				{"match": {"prefix": "/b"}, "route": {"cluster": "b"}},
			]}]}}}],
		}],
	}],
	"clusters": [cluster("a", 8080), cluster("b", 9902)],
}}

test_a_route_is_found_by_the_port_that_it_leads_to if {
	found := proxy.leading_to(9902) with input as {"proxy": configuration}
	pointer := "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/route_config/virtual_hosts/0/routes/2"
	{[one.route.match.prefix, one.route.manager.port, one.route.manager.tls, one.route.pointer, one.server.pointer] |
		some one in found
	} == {["/b", 8443, true, pointer, "/static_resources/clusters/1"]}
	count(proxy.leading_to(1)) == 0 with input as {"proxy": configuration}
}

header(string_match) := {"name": ":method", "string_match": string_match}

test_the_methods_of_a_route_are_named_by_one_or_by_alternatives if {
	proxy.asked_by({"headers": [header({"exact": "GET"})]}) == {"GET"}
	proxy.asked_by({"headers": [header({"safe_regex": {"regex": "GET|HEAD"}})]}) == {"GET", "HEAD"}
	proxy.asked_by({"headers": [object.union(header({"exact": "GET"}), {"invert_match": true})]}) == set()
	proxy.asked_by({"prefix": "/"}) == set()
}
