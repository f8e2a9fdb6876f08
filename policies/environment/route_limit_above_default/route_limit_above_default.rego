# METADATA
# title: The limit of one route is above that of the whole client
# description: >-
#   A client is limited over all routes together, and each route may be limited further. A route's limit above the
#   client's is never reached, and gives its author a false sense of protection.
# custom:
#   id: DEP008
#   severity: error
#   owner: platform
#   remediation: Lower the route's limit to that of load_management.throttling.limits, or remove the route.
#   section: Infrastructure Scaling, 2. Load Management
package environment.route_limit_above_default

import rego.v1

examined contains limit if {
	common := input.spec.load_management.throttling.limits
	some index, item in input.environment.throttling.routes
	some kind, rate in item.limits
	limit := {"index": index, "route": item.route, "kind": kind, "rate": rate, "common": common[kind]}
}

deny contains denial if {
	some limit in examined
	limit.rate > limit.common
	denial := {
		"id": "DEP008",
		"message": sprintf(
			"%s: %s is %d req/min, above the %d req/min of load_management.throttling",
			[limit.route, limit.kind, limit.rate, limit.common],
		),
		"path": ["environment", "throttling", "routes", limit.index, "limits", limit.kind],
		"places": [
			["environment", "throttling", "routes", limit.index, "limits", limit.kind],
			["load_management", "throttling", "limits", limit.kind],
		],
	}
}
