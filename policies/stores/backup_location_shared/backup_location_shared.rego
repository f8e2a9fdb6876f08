# METADATA
# title: Two clusters write their backups to one place
# description: >-
#   Both archive a log under the same names. The second is refused, or takes over where the first one stopped: then
#   neither can be restored, and that is noticed when one of them has to be.
# custom:
#   id: STO008
#   severity: error
#   owner: data
#   remediation: Give each cluster a location of its own, that no other location contains.
#   section: Disaster Recovery, 1. Backup Strategy
package stores.backup_location_shared

import rego.v1

examined contains pair if {
	some first, one in input.environment.clusters
	some second, other in input.environment.clusters
	first < second
	pair := {"first": first, "second": second, "one": one.backups.location, "other": other.backups.location}
}

# With the final slash, a bucket does not begin with the name of another one.
within(inner, outer) if startswith(sprintf("%s/", [inner]), sprintf("%s/", [outer]))

shared(pair) if within(pair.one, pair.other)

shared(pair) if within(pair.other, pair.one)

deny contains denial if {
	some pair in examined
	shared(pair)
	denial := {
		"id": "STO008",
		"message": sprintf(
			"%s writes its backups to '%s', and %s to '%s'",
			[pair.second, pair.other, pair.first, pair.one],
		),
		"path": ["environment", "clusters", pair.second, "backups", "location"],
	}
}
