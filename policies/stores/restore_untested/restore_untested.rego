# METADATA
# title: No test restores the database, or one restores something else
# description: >-
#   A backup that nobody has restored is a hope. A test on another image, with other parameters, or from another archive
#   shows nothing about the database; and a copy that archives its log writes over the log of the database.
# custom:
#   id: STO024
#   severity: error
#   owner: data
#   remediation: >-
#     Render a CronJob with a ConfigMap that holds the Cluster to restore, as
#     compiler/emit/kubernetes/database/restore_test.py does.
#   section: Disaster Recovery, 1. Backup Strategy
package stores.restore_untested

import data.lib.kubernetes
import data.lib.stores
import rego.v1

# A cluster that follows another one is restored all the time.
examined contains cluster if {
	some backup in kubernetes.objects
	backup.kind == "ScheduledBackup"
	some cluster in stores.clusters
	cluster.namespace == backup.namespace
	cluster.name == backup.spec.cluster.name
	object.get(cluster.spec, ["replica", "primary"], "") == object.get(cluster.spec, ["replica", "self"], "")
}

# copies holds each copy that a CronJob makes, which has the ConfigMap with its manifest.
copies contains copy if {
	some copy in kubernetes.restored
	some job in kubernetes.pods
	job.kind == "CronJob"
	job.namespace == copy.namespace
	some volume in object.get(job.spec, "volumes", [])
	object.get(volume, ["configMap", "name"], "") == copy.held_in
}

same := [
	["imageName", ["imageName"]],
	["postgresql parameters", ["postgresql", "parameters"]],
]

pairs contains [cluster, copy] if {
	some cluster in examined
	some copy in copies
	copy.namespace == cluster.namespace
}

# The parameters of the plugin: the object store, and the name of the archive in it.
sources[name] := parameters if {
	some copy in copies
	name := copy.name
	some external in copy.spec.externalClusters
	external.name == copy.spec.bootstrap.recovery.source
	parameters := external.plugin.parameters
}

archives[name] := parameters if {
	some cluster in examined
	name := cluster.name
	some plugin in cluster.spec.plugins
	plugin.isWALArchiver == true
	parameters := plugin.parameters
}

faults contains [cluster, copy, message] if {
	some [cluster, copy] in pairs
	some [title, path] in same
	object.get(copy.spec, path, null) != object.get(cluster.spec, path, null)
	message := sprintf("the copy that tests restore has another %s than %s", [title, cluster.name])
}

faults contains [cluster, copy, message] if {
	some [cluster, copy] in pairs
	object.get(sources, copy.name, {}) != object.get(archives, cluster.name, null)
	message := sprintf("the copy that tests restore is not of the archive of %s", [cluster.name])
}

faults contains [cluster, copy, message] if {
	some [cluster, copy] in pairs
	some plugin in object.get(copy.spec, "plugins", [])
	object.get(plugin, "isWALArchiver", false)
	message := "the copy that tests restore archives its own log"
}

faults contains [cluster, copy, message] if {
	some [cluster, copy] in pairs
	copy.name == cluster.name
	message := sprintf("the copy that tests restore has the name of %s", [cluster.name])
}

deny contains denial if {
	some cluster in examined
	count({copy | some [other, copy] in pairs; other == cluster}) == 0
	denial := {
		"id": "STO024",
		"message": sprintf("no CronJob tests that %s can be restored", [cluster.name]),
		"path": ["backup", "database", "testing", "schedule"],
		"file": cluster.file,
	}
}

deny contains denial if {
	some cluster in examined
	some [other, copy, message] in faults
	other == cluster
	denial := {
		"id": "STO024",
		"message": message,
		"path": ["backup", "database", "testing", "schedule"],
		"file": copy.file,
		"pointer": "/data/cluster.json",
	}
}
