# METADATA
# title: Two clusters claim what one can have
# description: >-
#   A name leads to one cluster, a cluster holds the namespaces of one environment, and who may write the backups of two
#   clusters may overwrite those of either. Most often the second environment was copied from the first.
# custom:
#   id: DEP020
#   severity: error
#   owner: platform
#   remediation: Give the cluster a name, a server and an identity of its own.
#   section: Deployment Configuration, 2. Orchestration
package environment.claimed_twice

import rego.v1

own contains claim if {
	some claim in input.claims
	claim.environment == input.environment.name
	claim.cluster == input.cluster.name
}

examined contains pair if {
	some mine in own
	mine.purpose != "the backups' location" # STO008
	some theirs in input.claims
	theirs.purpose == mine.purpose
	rivals(mine, theirs)
	pair := {"mine": mine, "theirs": theirs}
}

rivals(mine, theirs) if mine.environment != theirs.environment

# The clusters of one environment share its host, and of two that share anything else one is denied.
rivals(mine, theirs) if {
	mine.environment == theirs.environment
	mine.purpose != "the host"
	theirs.cluster < mine.cluster
}

deny contains denial if {
	some pair in examined
	pair.mine.value == pair.theirs.value
	denial := {
		"id": "DEP020",
		"message": sprintf(
			"%s %s is that of %s/%s, too",
			[pair.mine.purpose, pair.mine.value, pair.theirs.environment, pair.theirs.cluster],
		),
		"path": pair.mine.path,
	}
}
