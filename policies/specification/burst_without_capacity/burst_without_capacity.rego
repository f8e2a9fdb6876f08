# METADATA
# title: A token bucket holds nothing
# description: >-
#   The bucket holds the difference between burst and default. Where burst is not above default that is nothing, and two
#   requests in the same instant are enough to refuse an honest client.
# custom:
#   id: CON013
#   severity: error
#   owner: platform
#   remediation: Set burst above default.
#   section: Infrastructure Scaling, 2. Load Management
package specification.burst_without_capacity

import rego.v1

examined contains bucket if {
	bucket := {
		"path": ["load_management", "throttling", "limits"],
		"of": "load_management.throttling",
		"limits": input.spec.load_management.throttling.limits,
	}
}

examined contains bucket if {
	some index, item in input.environment.throttling.routes
	bucket := {
		"path": ["environment", "throttling", "routes", index, "limits"],
		"of": item.route,
		"limits": item.limits,
	}
}

deny contains denial if {
	some bucket in examined
	bucket.limits.burst <= bucket.limits["default"]
	denial := {
		"id": "CON013",
		"message": sprintf(
			"%s: burst (%d req/min) is not above default (%d req/min), so that the bucket holds nothing",
			[bucket.of, bucket.limits.burst, bucket.limits["default"]],
		),
		"path": array.concat(bucket.path, ["burst"]),
	}
}
