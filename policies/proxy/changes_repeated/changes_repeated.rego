# METADATA
# title: The proxy repeats requests that may not be repeated
# description: >-
#   A change whose answer was lost may have been made: sent again it is made twice, or refused for the revision that it
#   made itself. Reads alone are repeated, after pauses that grow, and within a budget, so that a failure is not
#   multiplied by those who wait for its end. No header of a client asks for repetitions.
# custom:
#   id: PRX004
#   severity: error
#   owner: reliability
#   remediation: >-
#     Give a retry policy to the route of GET and HEAD alone, with retry_back_off, and the server behind it a retry_budget.
#     Leave internal_address_config empty.
#   section: High Availability, 2. Fault Tolerance
package proxy.changes_repeated

import data.lib.proxy
import rego.v1

reads := {"GET", "HEAD"}

examined contains found if some found in proxy.leading_to(input.settings.process.port)

faults contains [found, pointer, fault] if {
	some found in examined
	pointer := found.route.pointer
	object.get(found.route.action, "retry_policy", null) != null
	methods := proxy.asked_by(found.route.match)
	not only_reads(methods)
	fault := "repeats requests of a route that is not for GET and HEAD alone"
}

only_reads(methods) if {
	count(methods) > 0
	count(methods - reads) == 0
}

faults contains [found, pointer, "repeats every request of a host"] if {
	some found in examined
	pointer := found.route.pointer
	object.get(found.route.host, "retry_policy", null) != null
}

faults contains [found, pointer, "repeats requests without a pause"] if {
	some found in examined
	pointer := found.route.pointer
	policy := object.get(found.route.action, "retry_policy", null)
	policy != null
	object.get(policy, ["retry_back_off", "base_interval"], null) == null
}

faults contains [found, pointer, "repeats requests without a budget"] if {
	some found in examined
	pointer := found.server.pointer
	object.get(found.route.action, "retry_policy", null) != null
	budgets := [threshold.retry_budget | some threshold in found.server.fields.circuit_breakers.thresholds]
	count(budgets) == 0
}

faults contains [found, pointer, "repeats what a client asks it to, by a header"] if {
	some found in examined
	pointer := found.route.manager.pointer
	ranges := object.get(found.route.manager.fields, ["internal_address_config", "cidr_ranges"], null)
	ranges != []
}

deny contains denial if {
	some found in examined
	some [faulty, pointer, fault] in faults
	faulty == found
	denial := {
		"id": "PRX004",
		"message": sprintf("the proxy %s", [fault]),
		"path": ["fault_tolerance", "retry_policies", "patterns"],
		"file": input.proxy.file,
		"pointer": pointer,
	}
}
