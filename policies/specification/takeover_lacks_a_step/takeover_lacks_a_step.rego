# METADATA
# title: The runbook of a takeover lacks a step
# description: >-
#   The steps by which a standby cluster takes over are those of the procedures. Whoever follows a runbook at night does what
#   it says, and nothing else.
# custom:
#   id: CON036
#   severity: error
#   owner: reliability
#   remediation: State the procedure; docs/exchange.md says what becomes of it.
#   section: Disaster Recovery, 2. Recovery Plans
package specification.takeover_lacks_a_step

import rego.v1

needed := {
	"database": {"Failover to replica", "Restore from backup", "Validate data integrity"},
	"application": {"Deploy to recovery region", "Update DNS records", "Verify functionality"},
}

# examined holds each step that a takeover needs, where a cluster stands by.
examined contains step if {
	count({name | some name, cluster in input.environment.clusters; cluster.role == "recovery"}) > 0
	some part, procedures in needed
	some procedure in procedures
	step := {"part": part, "procedure": procedure}
}

deny contains denial if {
	some step in examined
	count({step.procedure} - {stated | some stated in input.spec.recovery.procedures[step.part]}) == 1
	path := ["recovery", "procedures", step.part]
	denial := {
		"id": "CON036",
		"message": sprintf("%s has no '%s', and a cluster stands by", [concat(".", path), step.procedure]),
		"path": path,
		"places": [path, ["environment", "clusters"]],
	}
}
