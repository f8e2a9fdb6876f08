# METADATA
# title: Snapshots of the volumes are kept for ever
# description: >-
#   The operator makes a snapshot and deletes none. Without a job that does, hundreds of them are paid for each
#   month, and hold data that should be gone; and one that is not owned by its Backup outlives it unseen.
# custom:
#   id: STO012
#   severity: error
#   owner: data
#   remediation: >-
#     Render a CronJob that prunes the snapshots of the cluster after backup.database.retention, and let each
#     snapshot be owned by its Backup.
#   section: Disaster Recovery, 1. Backup Strategy
package stores.snapshots_without_retention

import data.lib.kubernetes
import data.lib.stores
import rego.v1

examined contains cluster if {
	some backup in kubernetes.objects
	backup.kind == "ScheduledBackup"
	backup.spec.method == "volumeSnapshot"
	some cluster in stores.clusters
	cluster.namespace == backup.namespace
	cluster.name == backup.spec.cluster.name
}

owned contains name if {
	some cluster in stores.clusters
	object.get(cluster.spec, ["backup", "volumeSnapshot", "snapshotOwnerReference"], "none") == "backup"
	name := cluster.name
}

# What a job is told, each word with the one behind it.
told(container, option, value) if {
	words := object.get(container.fields, "command", [])
	some index, word in words
	word == option
	words[index + 1] == value
}

pruned contains name if {
	some cluster in stores.clusters
	some container in kubernetes.containers
	retention := sprintf("%d", [input.spec.backup.database.retention])
	told(container, "--namespace", cluster.namespace)
	told(container, "--cluster", cluster.name)
	told(container, "--retention-seconds", retention)
	name := cluster.name
}

deny contains denial if {
	some cluster in examined
	count({cluster.name} & pruned) == 0
	denial := {
		"id": "STO012",
		"message": sprintf("no job deletes the snapshots of %s after their retention", [cluster.name]),
		"path": ["backup", "database", "retention"],
		"file": cluster.file,
		"pointer": "/spec/backup/volumeSnapshot",
	}
}

deny contains denial if {
	some cluster in examined
	count({cluster.name} & owned) == 0
	denial := {
		"id": "STO012",
		"message": sprintf("the snapshots of %s outlive the Backups that name them", [cluster.name]),
		"path": ["backup", "database", "retention"],
		"file": cluster.file,
		"pointer": "/spec/backup/volumeSnapshot/snapshotOwnerReference",
	}
}
