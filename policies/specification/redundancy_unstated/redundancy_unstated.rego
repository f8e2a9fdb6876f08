# METADATA
# title: Redundancy that the numbers give is not promised
# description: >-
#   Who reads the section of redundancy decides by it what an outage may cost. A promise that is missing there, although
#   the service keeps it, is the first sign that the section and the numbers have drifted apart.
# custom:
#   id: CON035
#   severity: error
#   owner: reliability
#   remediation: State it in the redundancy section, or take back the number.
#   section: High Availability, 1. Redundancy
package specification.redundancy_unstated

import rego.v1

application := input.spec.redundancy.application

# examined holds what is there, each with the list that has to promise it, and where it is stated.
examined contains fact if {
	input.spec.compute.application_tier.instances.min >= 2
	fact := {
		"promise": "Multiple instances",
		"list": "deployment",
		"stated": ["compute", "application_tier", "instances", "min"],
	}
}

examined contains fact if {
	input.spec.orchestration.configuration.affinity.zone_spread == true
	fact := {
		"promise": "Multiple zones",
		"list": "deployment",
		"stated": ["orchestration", "configuration", "affinity", "zone_spread"],
	}
}

examined contains fact if {
	count({cluster.region | some cluster in input.environment.clusters}) > 1
	fact := {"promise": "Multiple regions", "list": "deployment", "stated": ["environment", "clusters"]}
}

examined contains fact if {
	input.spec.orchestration.configuration.rolling_update.max_unavailable == 0
	fact := {
		"promise": "Zero-downtime switch",
		"list": "failover",
		"stated": ["orchestration", "configuration", "rolling_update", "max_unavailable"],
	}
}

examined contains fact if {
	"Synchronous primary" in input.spec.redundancy.data.replication
	fact := {
		"promise": "State preservation",
		"list": "failover",
		"stated": ["redundancy", "data", "replication"],
	}
}

deny contains denial if {
	some fact in examined
	promised := {word | some word in application[fact.list]}
	count({fact.promise} - promised) == 1
	path := ["redundancy", "application", fact.list]
	denial := {
		"id": "CON035",
		"message": sprintf("%s does not promise '%s', which %s gives", [
			concat(".", path), fact.promise, concat(".", fact.stated),
		]),
		"path": path,
		"places": [path, fact.stated],
	}
}
