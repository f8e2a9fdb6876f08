# METADATA
# title: Changes of roles and tables in the database leave no trail
# description: >-
#   Whoever may log in to the database as its owner can grant a right, use it and take it back. PostgreSQL's own log does
#   not show it; pgAudit, which writes the audit logs of the data layer, does.
# custom:
#   id: VLT016
#   severity: error
#   owner: security
#   remediation: >-
#     Name Audit logs among components.data_layer.features, by which pgaudit.log has role and ddl; access_control asks for
#     audit.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package vault.database_not_audited

import data.lib.kubernetes
import rego.v1

features := ["components", "data_layer", "features"]

audit := ["access_control", "infrastructure", "authorization", "audit"]

needed := {"role", "ddl"}

examined contains item if {
	input.spec.access_control.infrastructure.authorization.audit == true
	some item in kubernetes.objects
	item.kind == "Cluster"
}

logged(item) := {trim_space(class) | some class in split(item.spec.postgresql.parameters["pgaudit.log"], ",")}

audited(item) if count(needed - logged(item)) == 0

deny contains denial if {
	some item in examined
	not audited(item)
	denial := {
		"id": "VLT016",
		"message": sprintf("the database %s does not log changes of roles and tables", [item.name]),
		"path": features,
		"places": [features, audit],
		"file": item.file,
		"pointer": "/spec/postgresql/parameters",
	}
}
