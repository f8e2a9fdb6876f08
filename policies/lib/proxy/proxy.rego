# METADATA
# title: The proxy
# description: The listeners of the proxy, their routes, and the servers that these lead to.
package lib.proxy

import rego.v1

# managers holds what each listener does with HTTP, with its port, and whether TLS ends there.
managers contains manager if {
	some index, listener in input.proxy.static_resources.listeners
	some number, chain in listener.filter_chains
	some place, filter in chain.filters
	manager := {
		"listener": listener.name,
		"port": listener.address.socket_address.port_value,
		"tls": "transport_socket" in object.keys(chain),
		"fields": filter.typed_config,
		"pointer": sprintf(
			"/static_resources/listeners/%d/filter_chains/%d/filters/%d/typed_config",
			[index, number, place],
		),
	}
}

# routes holds the routes of all listeners that lead to a server.
routes contains route if {
	some manager in managers
	some place, host in manager.fields.route_config.virtual_hosts
	some index, fields in host.routes
	route := {
		"manager": manager,
		"host": object.remove(host, ["routes"]),
		"match": object.get(fields, "match", {}),
		"action": fields.route,
		"pointer": sprintf("%s/route_config/virtual_hosts/%d/routes/%d", [manager.pointer, place, index]),
	}
}

# servers holds each server with where it is.
servers contains server if {
	some index, cluster in input.proxy.static_resources.clusters
	some group in cluster.load_assignment.endpoints
	some end in group.lb_endpoints
	server := {
		"fields": cluster,
		"port": end.endpoint.address.socket_address.port_value,
		"pointer": sprintf("/static_resources/clusters/%d", [index]),
	}
}

# leading_to returns the routes to what listens at a port of the pod, each with its server.
leading_to(port) := {found |
	some server in servers
	server.port == port
	some route in routes
	route.action.cluster == server.fields.name
	found := {"route": route, "server": server}
}

# asked_by returns the methods that a route takes alone; the empty set where it takes any.
asked_by(match) := {method |
	some header in object.get(match, "headers", [])
	header.name == ":method"
	not object.get(header, "invert_match", false)
	some method in methods(header.string_match)
}

methods(string_match) := [string_match.exact]

methods(string_match) := split(string_match.safe_regex.regex, "|")
