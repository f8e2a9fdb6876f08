# METADATA
# title: The copy of the archive is lost with the archive
# description: >-
#   Backups are copied to another region for the day on which their own is gone. A copy beside them, or one that is the
#   archive of a cluster, which writes and deletes there, is none.
# custom:
#   id: DEP024
#   severity: error
#   owner: reliability
#   remediation: Name a bucket or container of its own, in another region, under backups.replicated_to.
#   section: Disaster Recovery, 1. Backup Strategy
package environment.archive_copied_to_its_own_region

import rego.v1

examined contains copy if {
	copy := input.cluster.backups.replicated_to
	is_object(copy)
}

fault(copy) := "region" if copy.region == input.cluster.region

fault(copy) := "location" if {
	copy.region != input.cluster.region
	some cluster in input.environment.clusters
	within(copy.location, cluster.backups.location)
}

# within says whether one location is another, or a folder of it.
within(inner, outer) if startswith(concat("", [inner, "/"]), concat("", [outer, "/"]))

# The statements that the copy's must differ from.
beside := {
	"region": [[input.cluster.name, "region"]],
	"location": [[name, "backups", "location"] | some name, _ in input.environment.clusters],
}

messages := {
	"region": "the archive and its copy are both in %s",
	"location": "the copy of the archive is in %s, where a cluster writes its backups",
}

deny contains denial if {
	some copy in examined
	key := fault(copy)
	denial := {
		"id": "DEP024",
		"message": replace(messages[key], "%s", copy[key]),
		"path": ["environment", "clusters", input.cluster.name, "backups", "replicated_to", key],
		"places": array.concat(
			[["environment", "clusters", input.cluster.name, "backups", "replicated_to", key]],
			[array.concat(["environment", "clusters"], end) | some end in beside[key]],
		),
	}
}
