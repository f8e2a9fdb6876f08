# METADATA
# title: A promise of redundancy is not backed by the numbers
# description: >-
#   Multiple instances need two at the least, multiple zones need pods that are spread over them, a switch without downtime
#   needs pods that all stay until others are ready, state that is preserved a standby that has every commit, and a
#   synchronous primary two standbys: with one, losing it stops every write.
# custom:
#   id: CON024
#   severity: error
#   owner: reliability
#   remediation: Raise the number, or take the promise out of the redundancy section.
#   section: High Availability, 1. Redundancy
package specification.redundancy_unmet

import rego.v1

examined contains promise if {
	some promise in input.spec.redundancy.application.deployment
}

examined contains promise if {
	some promise in input.spec.redundancy.application.failover
}

examined contains promise if {
	some promise in input.spec.redundancy.data.replication
}

deny contains denial if {
	some promise in examined
	promise == "Multiple instances"
	least := input.spec.compute.application_tier.instances.min
	least < 2
	denial := {
		"id": "CON024",
		"message": sprintf("redundancy promises multiple instances, but instances.min is %d", [least]),
		"path": ["compute", "application_tier", "instances", "min"],
		"places": [["compute", "application_tier", "instances", "min"], ["redundancy", "application", "deployment"]],
	}
}

deny contains denial if {
	some promise in examined
	promise == "Multiple zones"
	input.spec.orchestration.configuration.affinity.zone_spread == false
	denial := {
		"id": "CON024",
		"message": "redundancy promises multiple zones, but pods are not spread over zones",
		"path": ["orchestration", "configuration", "affinity", "zone_spread"],
		"places": [
			["orchestration", "configuration", "affinity", "zone_spread"],
			["redundancy", "application", "deployment"],
		],
	}
}

deny contains denial if {
	some promise in examined
	promise == "Synchronous primary"
	least := input.spec.compute.database_tier.instances.replicas.min
	least < 2
	denial := {
		"id": "CON024",
		"message": sprintf(
			"redundancy promises a synchronous primary, but replicas.min is %d: losing it stops writes",
			[least],
		),
		"path": ["compute", "database_tier", "instances", "replicas", "min"],
		"places": [
			["compute", "database_tier", "instances", "replicas", "min"],
			["redundancy", "data", "replication"],
		],
	}
}

deny contains denial if {
	some promise in examined
	promise == "Zero-downtime switch"
	away := input.spec.orchestration.configuration.rolling_update.max_unavailable
	away > 0
	denial := {
		"id": "CON024",
		"message": sprintf("redundancy promises a switch without downtime, but %d pods may be away in an update", [away]),
		"path": ["orchestration", "configuration", "rolling_update", "max_unavailable"],
		"places": [
			["orchestration", "configuration", "rolling_update", "max_unavailable"],
			["redundancy", "application", "failover"],
		],
	}
}

deny contains denial if {
	some promise in examined
	promise == "State preservation"
	count({other | some other in examined; other == "Synchronous primary"}) == 0
	denial := {
		"id": "CON024",
		"message": "redundancy promises that a failover preserves the state, but no standby has every commit",
		"path": ["redundancy", "application", "failover"],
		"places": [["redundancy", "application", "failover"], ["redundancy", "data", "replication"]],
	}
}
