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

purpose := "the backups' location"

examined contains own if {
	some own in input.unique.own
	own.purpose == purpose
}

# With the final slash, a bucket does not begin with the name of another one.
within(inner, outer) if startswith(sprintf("%s/", [inner]), sprintf("%s/", [outer]))

shared(one, other) if within(one, other)

shared(one, other) if within(other, one)

# Of two clusters of one environment one is denied; of two environments each, since each has a file to be mended.
rivals(holder) if holder.environment != input.environment.name

rivals(holder) if {
	holder.environment == input.environment.name
	holder.cluster < input.cluster.name
}

# What another environment states is in the message alone: it has its own finding.
statements(own, holder) := [own.path, holder.path] if holder.environment == input.environment.name

statements(own, holder) := [own.path] if holder.environment != input.environment.name

deny contains denial if {
	some own in examined
	some location, holders in input.unique.holders[purpose]
	shared(own.value, location)
	some holder in holders
	rivals(holder)
	denial := {
		"id": "STO008",
		"message": sprintf(
			"%s writes its backups to '%s', and %s/%s to '%s'",
			[input.cluster.name, own.value, holder.environment, holder.cluster, location],
		),
		"path": own.path,
		"places": statements(own, holder),
	}
}
