# METADATA
# title: No cluster serves until a handover is finished
# description: >-
#   The former primary has stopped, and the cluster that takes over waits for the position at which its log ends.
# custom:
#   id: DEP019
#   severity: warning
#   owner: reliability
#   remediation: Write the predecessor's demotion token as the handover's token, as docs/exchange.md says.
#   section: Disaster Recovery, 2. Recovery Plans
package environment.handover_pending

import rego.v1

examined contains input.cluster

deny contains denial if {
	some cluster in examined
	handover := object.get(cluster, "handover", null)
	is_object(handover)
	not is_string(object.get(handover, "token", null))
	path := ["environment", "clusters", input.cluster.name, "handover"]
	denial := {
		"id": "DEP019",
		"message": sprintf("%s waits for the token of %s", [input.cluster.name, handover.predecessor]),
		"path": path,
		"places": [path],
		"given": [array.concat(path, ["predecessor"])],
	}
}
