# METADATA
# title: The archive of the database's log moves
# description: >-
#   The log that leads to a new place starts there with nothing before it: no point in time before the next full
#   backup can be restored from it, and clusters that follow read another history.
# custom:
#   id: TRN009
#   severity: error
#   owner: data
#   remediation: >-
#     Write the location and the archive's name back. For a cluster that is created anew (docs/exchange.md), acknowledge
#     the transition (docs/transitions.md).
#   section: Disaster Recovery, 1. Backup Strategy
#   waivable: false
package transitions.archive_moved

import data.lib.stores
import data.lib.transitions
import rego.v1

# archive returns where a Cluster archives its log: the ObjectStore, and the name of the archive in it.
archive(cluster) := sprintf("%s in %s", [object.get(plugin, ["parameters", "serverName"], cluster.metadata.name), store]) if {
	some plugin in object.get(cluster.spec, "plugins", [])
	object.get(plugin, "isWALArchiver", false) == true
	store := stores.archive(cluster)
}

archived(cluster) if archive(cluster)

located(cluster) := archive(cluster) if archived(cluster)

located(cluster) := "nowhere" if not archived(cluster)

examined contains place if {
	some pair in transitions.pairs
	pair.kind == "Cluster"
	archived(pair.before)
	place := {
		"file": pair.file,
		"pointer": "/spec/plugins",
		"before": located(pair.before),
		"after": located(pair.after),
	}
}

examined contains place if {
	some pair in transitions.pairs
	pair.kind == "ObjectStore"
	some cluster in stores.clusters
	stores.archive(cluster) == pair.name
	place := {
		"file": pair.file,
		"pointer": "/spec/configuration/destinationPath",
		"before": object.get(pair.before, ["spec", "configuration", "destinationPath"], "nowhere"),
		"after": object.get(pair.after, ["spec", "configuration", "destinationPath"], "nowhere"),
	}
}

deny contains denial if {
	some place in examined
	place.before != place.after
	denial := {
		"id": "TRN009",
		"message": sprintf("the log of %s goes to %s, and went to %s", [input.cluster.name, place.after, place.before]),
		"path": ["environment", "clusters", input.cluster.name, "backups"],
		"file": place.file,
		"pointer": place.pointer,
		"before": place.before,
		"after": place.after,
	}
}
