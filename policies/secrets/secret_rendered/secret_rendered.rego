# METADATA
# title: A Secret is rendered
# description: >-
#   The values of a Secret are encoded, and not encrypted: every reader of the repository can read them. Vault keeps
#   them, and an ExternalSecret refers to them.
# custom:
#   id: PWD005
#   severity: error
#   owner: security
#   remediation: Render an ExternalSecret in its place.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package secrets.secret_rendered

import data.lib.kubernetes
import data.lib.literals
import rego.v1

examined contains item if some item in kubernetes.objects

deny contains denial if {
	some item in examined
	item.kind == "Secret"
	denial := {
		"id": "PWD005",
		"message": sprintf("the Secret %s is rendered with its values", [item.name]),
		"path": literals.path,
		"file": item.file,
		"pointer": "/kind",
	}
}
