# METADATA
# title: A binding gives rights to everyone
# description: >-
#   Built-in groups hold everybody who is signed in, or nobody in particular; the account named default is that of
#   every pod that names no other; and a single person's rights outlive the person's job.
# custom:
#   id: ACC006
#   severity: error
#   owner: security
#   remediation: Bind the role to a group of the identity provider, or to the workload's own ServiceAccount.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package access.binding_to_everyone

import data.lib.access
import rego.v1

examined contains given if {
	some binding in access.bindings
	some index, subject in binding.subjects
	given := {
		"binding": binding,
		"index": index,
		"kind": object.get(subject, "kind", ""),
		"name": object.get(subject, "name", ""),
	}
}

bad(given) if given.kind == "User"

bad(given) if startswith(given.name, "system:")

bad(given) if {
	given.kind == "ServiceAccount"
	given.name == "default"
}

deny contains denial if {
	some given in examined
	bad(given)
	binding := given.binding
	denial := {
		"id": "ACC006",
		"message": sprintf("the %s %s gives rights to the %s %s", [binding.kind, binding.name, given.kind, given.name]),
		"path": ["access_control", "infrastructure", "principle"],
		"file": binding.file,
		"pointer": sprintf("/subjects/%d", [given.index]),
	}
}
