# METADATA
# title: Two clusters have a value that only one may have
# description: >-
#   A host name leads to one cluster, a cluster holds the namespaces of one environment, and an identity that may
#   write the backups of two clusters may overwrite either. Most often the second environment was copied from the
#   first.
# custom:
#   id: DEP020
#   severity: error
#   owner: platform
#   remediation: Give the cluster a name, a server and an identity of its own.
#   section: Deployment Configuration, 2. Orchestration
package environment.claimed_twice

import rego.v1

examined contains own if {
	some own in input.unique.own
	own.purpose != "the backups' location" # STO008
}

# The clusters of one environment share its host, and of two that share anything else one is denied.
rivals(own) := {holder |
	some holder in object.get(input.unique.holders, [own.purpose, own.value], [])
	holder.environment != input.environment.name
} | {holder |
	some holder in object.get(input.unique.holders, [own.purpose, own.value], [])
	holder.environment == input.environment.name
	own.purpose != "the host"
	holder.cluster < input.cluster.name
}

# What another environment states is in the message alone: it has its own finding.
statements(own, holder) := [own.path, holder.path] if holder.environment == input.environment.name

statements(own, holder) := [own.path] if holder.environment != input.environment.name

deny contains denial if {
	some own in examined
	some holder in rivals(own)
	denial := {
		"id": "DEP020",
		"message": sprintf(
			"%s %s is that of %s/%s, too",
			[own.purpose, own.value, holder.environment, holder.cluster],
		),
		"path": own.path,
		"places": statements(own, holder),
	}
}
