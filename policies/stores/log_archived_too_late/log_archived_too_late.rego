# METADATA
# title: The log is not archived within the recovery point
# description: >-
#   Commits that are not in the archive are lost with the region. A log file is archived when it is full, and at the
#   latest after archive_timeout: without an archiver never, and with a longer timeout later than the recovery point
#   allows.
# custom:
#   id: STO006
#   severity: error
#   owner: data
#   remediation: Let a plugin archive the log, with an archive_timeout in seconds that is within recovery.rpo.target.
#   section: Disaster Recovery, 2. Recovery Plans
package stores.log_archived_too_late

import data.lib.stores
import data.lib.units
import rego.v1

examined contains cluster if some cluster in stores.clusters

archived contains name if {
	some cluster in stores.clusters
	count(stores.archive(cluster)) > 0
	name := cluster.name
}

timeout(cluster) := object.get(cluster.spec, ["postgresql", "parameters", "archive_timeout"], "")

deny contains denial if {
	some cluster in examined
	count({cluster.name} & archived) == 0
	denial := {
		"id": "STO006",
		"message": sprintf("nothing archives the log of %s", [cluster.name]),
		"path": ["recovery", "rpo", "target"],
		"file": cluster.file,
		"pointer": "/spec/plugins",
	}
}

deny contains denial if {
	some cluster in examined
	written := timeout(cluster)
	seconds := stores.number(trim_suffix(written, "s"))
	count({0} & {seconds}) + count({"late" | seconds > input.spec.recovery.rpo.target}) > 0
	denial := {
		"id": "STO006",
		"message": sprintf(
			"the log of %s is archived after '%s', and the recovery point is %s",
			[cluster.name, written, units.seconds(input.spec.recovery.rpo.target)],
		),
		"path": ["recovery", "rpo", "target"],
		"file": cluster.file,
		"pointer": "/spec/postgresql/parameters/archive_timeout",
	}
}
