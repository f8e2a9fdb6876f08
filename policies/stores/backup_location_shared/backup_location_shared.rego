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

places contains claim if {
	some claim in input.claims
	claim.purpose == "the backups' location"
}

examined contains pair if {
	some mine in places
	mine.environment == input.environment.name
	mine.cluster == input.cluster.name
	some theirs in places
	rivals(mine, theirs)
	pair := {"mine": mine, "theirs": theirs}
}

# Of two clusters of one environment one is denied; of two environments each, since each has a file to be mended.
rivals(mine, theirs) if mine.environment != theirs.environment

rivals(mine, theirs) if {
	mine.environment == theirs.environment
	theirs.cluster < mine.cluster
}

# With the final slash, a bucket does not begin with the name of another one.
within(inner, outer) if startswith(sprintf("%s/", [inner]), sprintf("%s/", [outer]))

shared(pair) if within(pair.mine.value, pair.theirs.value)

shared(pair) if within(pair.theirs.value, pair.mine.value)

deny contains denial if {
	some pair in examined
	shared(pair)
	denial := {
		"id": "STO008",
		"message": sprintf(
			"%s writes its backups to '%s', and %s/%s to '%s'",
			[pair.mine.cluster, pair.mine.value, pair.theirs.environment, pair.theirs.cluster, pair.theirs.value],
		),
		"path": pair.mine.path,
	}
}
