# METADATA
# title: The anchors of production lie beside what they prove
# description: >-
#   An anchor shows that nobody has tidied the audit trail up. One that lies in the same database alone is removed by
#   whoever removes the records, and then nothing contradicts them.
# custom:
#   id: DEP029
#   severity: warning
#   owner: security
#   remediation: Make a bucket under Object Lock, and state it under anchors with the role that may write there.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package environment.anchors_kept_inside

import rego.v1

examined contains cluster if {
	input.spec.access_control.infrastructure.authorization.audit == true
	input.environment.stage == "production"
	input.cluster.role == "primary"
	cluster := input.cluster
}

deny contains denial if {
	some cluster in examined
	anchors := object.get(cluster, "anchors", null)
	anchors == null
	denial := {
		"id": "DEP029",
		"message": sprintf("the database of %s alone has the anchors of its audit trail", [cluster.name]),
		"path": ["access_control", "infrastructure", "authorization", "audit"],
	}
}
