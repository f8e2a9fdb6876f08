# METADATA
# title: A route is strict in one place and not in another
# description: >-
#   A strict route refuses requests while Redis cannot count them. It is one of the limits of single endpoints: where
#   these are not in the scope of throttling, it would be admitted like any other. One that is compiled as strict, and is
#   not stated so, would stop in each failover of the cache.
# custom:
#   id: CON033
#   severity: error
#   owner: platform
#   remediation: List "Per endpoint" in load_management.throttling.scope, or do without strict routes.
#   section: Infrastructure Scaling, 2. Load Management
package specification.strict_route_unenforced

import rego.v1

examined contains limit if {
	some index, item in input.environment.throttling.routes
	limit := {
		"route": item.route,
		"stated": object.get(item, "strict", false),
		"enforced": item.route in enforced,
		"place": ["environment", "throttling", "routes", index],
	}
}

enforced contains route if {
	some compiled in input.settings.throttling.routes
	compiled.strict == true
	route := compiled.route
}

deny contains denial if {
	some limit in examined
	limit.stated == true
	limit.enforced == false
	strict := array.concat(limit.place, ["strict"])
	denial := {
		"id": "CON033",
		"message": sprintf("%s is stated as strict, and not compiled as such", [limit.route]),
		"path": strict,
		"places": [["load_management", "throttling", "scope"], strict],
	}
}

deny contains denial if {
	some limit in examined
	limit.stated == false
	limit.enforced == true
	denial := {
		"id": "CON033",
		"message": sprintf("%s is compiled as strict, and not stated as such", [limit.route]),
		"path": array.concat(limit.place, ["route"]),
	}
}
