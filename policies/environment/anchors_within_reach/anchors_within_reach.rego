# METADATA
# title: The database's pods can write where the anchors lie
# description: >-
#   Anchors are proof against whoever owns the database. Where the pods of PostgreSQL have the same identity, or write to
#   the same bucket, its owner makes a newer version of an anchor, or fills the bucket with others.
# custom:
#   id: DEP030
#   severity: error
#   owner: security
#   remediation: Give the anchors a bucket and a role of their own.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package environment.anchors_within_reach

import rego.v1

examined contains anchors if {
	anchors := input.cluster.anchors
	is_object(anchors)
}

bucket(location) := split(trim_prefix(location, "s3://"), "/")[0]

faults contains fault if {
	some anchors in examined
	anchors.identity == input.cluster.backups.identity
	fault := {"field": "identity", "value": anchors.identity}
}

faults contains fault if {
	some anchors in examined
	bucket(anchors.location) == bucket(input.cluster.backups.location)
	fault := {"field": "location", "value": anchors.location}
}

deny contains denial if {
	some _ in examined
	some fault in faults
	denial := {
		"id": "DEP030",
		"message": sprintf("the anchors' %s %s is that of the backups", [fault.field, fault.value]),
		"path": ["environment", "clusters", input.cluster.name, "anchors", fault.field],
		"places": [
			["environment", "clusters", input.cluster.name, "anchors", fault.field],
			["environment", "clusters", input.cluster.name, "backups", fault.field],
		],
	}
}
