# METADATA
# title: One route has two limits
# description: >-
#   Which of the two is enforced depends on the order of a list. A reader who finds the other one is wrong about what
#   protects the route.
# custom:
#   id: DEP009
#   severity: error
#   owner: platform
#   remediation: Keep one of the two entries.
#   section: Infrastructure Scaling, 2. Load Management
package environment.route_limited_twice

import rego.v1

examined contains route if {
	some index, item in input.environment.throttling.routes
	route := {"index": index, "name": item.route}
}

deny contains denial if {
	some route in examined
	some earlier in examined
	earlier.name == route.name
	earlier.index < route.index
	denial := {
		"id": "DEP009",
		"message": sprintf("%s is limited here and in entry %d of the list", [route.name, earlier.index + 1]),
		"path": ["environment", "throttling", "routes", route.index, "route"],
	}
}
