# METADATA
# title: The compiled token buckets admit more than the specification
# description: >-
#   A full bucket and one minute of refill are the most that any 60 seconds admit. The compiled buckets are compared
#   with the specification and the environment, so that no change of the compiler loosens a limit unnoticed.
# custom:
#   id: RUN001
#   severity: error
#   owner: platform
#   remediation: Make burst the refill plus the capacity of the compiled bucket.
#   section: Infrastructure Scaling, 2. Load Management
package runtime.throttling_admits_more

import rego.v1

examined contains bucket if {
	some scope in ["client", "endpoint"]
	compiled := object.get(input.settings.throttling, scope, null)
	is_object(compiled)
	bucket := {
		"of": scope,
		"compiled": compiled,
		"burst": input.spec.load_management.throttling.limits.burst,
		"path": ["load_management", "throttling", "limits", "burst"],
	}
}

examined contains bucket if {
	some compiled in input.settings.throttling.routes
	some index, item in input.environment.throttling.routes
	item.route == compiled.route
	bucket := {
		"of": item.route,
		"compiled": compiled.bucket,
		"burst": item.limits.burst,
		"path": ["environment", "throttling", "routes", index, "limits", "burst"],
	}
}

examined contains bucket if {
	some compiled in object.get(input.settings.throttling, "clients", [])
	some index, item in input.environment.throttling.clients
	item.client == compiled.client
	bucket := {
		"of": item.client,
		"compiled": compiled.bucket,
		"burst": item.limits.burst,
		"path": ["environment", "throttling", "clients", index, "limits", "burst"],
	}
}

deny contains denial if {
	some bucket in examined
	most := bucket.compiled.capacity + bucket.compiled.refill_per_minute
	most > bucket.burst
	denial := {
		"id": "RUN001",
		"message": sprintf(
			"%s: the compiled bucket admits %d requests in a minute (%d + %d), burst is %d",
			[bucket.of, most, bucket.compiled.capacity, bucket.compiled.refill_per_minute, bucket.burst],
		),
		"path": bucket.path,
	}
}
