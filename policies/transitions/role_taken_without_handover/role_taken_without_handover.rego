# METADATA
# title: A cluster takes over without a handover
# description: >-
#   A cluster that becomes the primary at once starts from the archive: whatever the former primary has not archived
#   is lost, and a cluster that is new starts with an empty database. A handover waits for the end of the log instead.
# custom:
#   id: TRN004
#   severity: error
#   owner: reliability
#   remediation: >-
#     State a handover at the cluster that takes over (docs/exchange.md), which loses nothing. In a disaster, acknowledge
#     the loss (docs/transitions.md).
#   section: Disaster Recovery, 2. Recovery Plans
#   waivable: false
package transitions.role_taken_without_handover

import data.lib.stores
import data.lib.units
import rego.v1

examined contains found if {
	count(object.get(input, ["before", "clusters"], [])) > 0
	some cluster in stores.clusters
	before := object.get(input.before.documents, cluster.file, {})
	found := {"cluster": cluster, "before": before}
}

# serves holds for a Cluster that is the primary of its topology, or alone.
serves(spec) if object.get(spec, "replica", null) == null

serves(spec) if {
	object.get(spec, "replica", null) != null
	spec.replica.primary == spec.replica.self
}

handover := object.get(input.cluster, "handover", null)

# former returns the cluster that served before, from the view of the one that takes over.
former(found) := object.get(found.before, ["spec", "replica", "primary"], "another cluster")

stood_by(found) if count(found.before) == 0

stood_by(found) if {
	replica := found.before.spec.replica
	replica.primary != replica.self
}

reasons(found) := {text |
	not is_object(handover)
	serves(found.cluster.spec)
	text := sprintf(
		"takes over from %s at once: what that one has not archived is lost, up to %s of changes",
		[former(found), units.seconds(input.spec.recovery.rpo.target)],
	)
} | {text |
	is_object(handover)
	count(found.before) > 0
	handover.predecessor != former(found)
	text := sprintf("takes over from %s, and %s served", [handover.predecessor, former(found)])
}

deny contains denial if {
	some found in examined
	stood_by(found)
	input.cluster.role == "primary"
	some reason in reasons(found)
	denial := {
		"id": "TRN004",
		"message": sprintf("%s %s", [input.cluster.name, reason]),
		"path": ["environment", "clusters", input.cluster.name, "role"],
		"file": found.cluster.file,
		"pointer": "/spec/replica/primary",
		"before": sprintf("%s serves", [former(found)]),
		"after": sprintf("%s serves", [input.cluster.name]),
	}
}
