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

examined contains claim if {
	some claim in input.claims.own
	claim.purpose != "the backups' location" # STO008
}

# The clusters of one environment share its host, and of two that share anything else one is denied.
rivals(claim) := {holder |
	some holder in object.get(input.claims.holders, [claim.purpose, claim.value], [])
	holder.environment != input.environment.name
} | {holder |
	some holder in object.get(input.claims.holders, [claim.purpose, claim.value], [])
	holder.environment == input.environment.name
	claim.purpose != "the host"
	holder.cluster < input.cluster.name
}

deny contains denial if {
	some claim in examined
	some holder in rivals(claim)
	denial := {
		"id": "DEP020",
		"message": sprintf(
			"%s %s is that of %s/%s, too",
			[claim.purpose, claim.value, holder.environment, holder.cluster],
		),
		"path": claim.path,
	}
}
