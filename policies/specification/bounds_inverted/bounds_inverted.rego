# METADATA
# title: A lower bound is above its upper bound
# description: >-
#   Wherever the specification states a range (min and max, initial and max), the lower end is not above the upper. An
#   autoscaler with inverted bounds is refused by the API server; a volume that starts larger than it may grow never
#   grows.
# custom:
#   id: CON006
#   severity: error
#   owner: platform
#   remediation: Lower the lower bound, or raise the upper one.
#   section: Resource Management, 1. Compute Resources
package specification.bounds_inverted

import rego.v1

examined contains range if {
	walk(input.spec, [path, value])
	to := value.max
	some lower in ["min", "initial"]
	range := {"path": path, "lower": lower, "from": value[lower], "to": to}
}

deny contains denial if {
	some range in examined
	range.from > range.to
	denial := {
		"id": "CON006",
		"message": sprintf(
			"%s: %s (%d) is above max (%d)",
			[concat(".", range.path), range.lower, range.from, range.to],
		),
		"path": array.concat(range.path, [range.lower]),
		"places": [array.concat(range.path, [range.lower]), array.concat(range.path, ["max"])],
	}
}
