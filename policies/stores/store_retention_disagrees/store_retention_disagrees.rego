# METADATA
# title: The object store's retention is not that of the specification
# description: >-
#   The plugin deletes backups that are older than its own retention, and none without one. Too short a retention
#   loses backups that are needed; too long a one keeps data that should be gone.
# custom:
#   id: STO007
#   severity: error
#   owner: data
#   remediation: >-
#     Render the retention of backup.database, in days, as the retentionPolicy of the store that the cluster writes
#     to.
#   section: Disaster Recovery, 1. Backup Strategy
package stores.store_retention_disagrees

import data.lib.kubernetes
import data.lib.stores
import data.lib.units
import rego.v1

examined contains store if {
	some cluster in stores.clusters
	name := stores.archive(cluster)
	some store in kubernetes.of("ObjectStore", cluster.namespace)
	store.name == name
}

# A part of a day is kept for the whole of it.
wanted := (padded - (padded % 86400)) / 86400 if padded := input.spec.backup.database.retention + 86399

deny contains denial if {
	some store in examined
	written := object.get(store.spec, "retentionPolicy", "")
	count({sprintf("%dd", [wanted])} & {written}) == 0
	denial := {
		"id": "STO007",
		"message": sprintf(
			"the store %s keeps backups for '%s', and they have to be kept for %s",
			[store.name, written, units.seconds(input.spec.backup.database.retention)],
		),
		"path": ["backup", "database", "retention"],
		"file": store.file,
		"pointer": "/spec/retentionPolicy",
	}
}
