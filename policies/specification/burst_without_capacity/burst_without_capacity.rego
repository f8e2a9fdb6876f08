# METADATA
# title: A token bucket holds too little
# description: >-
#   The bucket holds the difference between burst and default. Where that is nothing, two requests in the same instant
#   are enough to refuse an honest client. Workers hold tokens of the bucket for up to half a second: it has to hold more
#   than it gains in that time, or a minute would admit more than burst.
# custom:
#   id: CON013
#   severity: error
#   owner: platform
#   remediation: Set burst to the number that the finding says, or a higher one.
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

examined contains bucket if {
	some index, item in object.get(input.environment.throttling, "clients", [])
	bucket := {
		"path": ["environment", "throttling", "clients", index, "limits"],
		"of": item.client,
		"limits": item.limits,
	}
}

deny contains denial if {
	some bucket in examined
	least := least_burst(bucket.limits["default"])
	bucket.limits.burst < least
	denial := {
		"id": "CON013",
		"message": sprintf(
			"%s: burst (%d req/min) leaves the bucket too little above default (%d req/min): it is %d at least",
			[bucket.of, bucket.limits.burst, bucket.limits["default"], least],
		),
		"path": array.concat(bucket.path, ["burst"]),
		"places": [array.concat(bucket.path, [kind]) | some kind in ["burst", "default"]],
		"excess": least - bucket.limits.burst,
	}
}

# Above default by one token more than the whole tokens that default adds while a worker holds one.
least_burst(per_minute) := ((per_minute + ((gained - (gained % 60000)) / 60000)) + 1) if {
	gained := per_minute * data.thresholds.token_lifetime_milliseconds
}
