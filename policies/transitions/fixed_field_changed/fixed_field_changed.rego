# METADATA
# title: A field changes that is fixed for the life of its object
# description: >-
#   The API server, or an operator's webhook, refuses the change. From then on nothing of the cluster is synced,
#   until somebody deletes the object by hand.
# custom:
#   id: TRN003
#   severity: error
#   owner: platform
#   remediation: >-
#     Write the value back, or give the object another name. Acknowledge the transition (docs/transitions.md) if the
#     object is to be deleted and created anew.
#   section: Storage Resources, 1. Database Storage
#   waivable: false
package transitions.fixed_field_changed

import data.fixed
import data.lib.transitions
import rego.v1

examined contains pair if {
	some pair in transitions.pairs
	fixed.fields[pair.kind]
	rendered := pair.after
	not made_anew(rendered)
}

# Argo CD deletes such a hook before it creates it again.
made_anew(rendered) if {
	policies := object.get(rendered, ["metadata", "annotations", "argocd.argoproj.io/hook-delete-policy"], "")
	"BeforeHookCreation" in split(policies, ",")
}

# leaves returns every single value of the fixed fields of an object as text, by the pointer to it.
leaves(kind, rendered) := {pointer: text |
	some field in fixed.fields[kind].fields
	walk(object.get(rendered, field, {}), [path, leaf])
	not is_object(leaf)
	not is_array(leaf)
	keys := array.concat(field, path)
	pointer := sprintf("/%s", [concat("/", [replace(sprintf("%v", [key]), "/", "~1") | some key in keys])])
	text := sprintf("%v", [leaf])
}

deny contains denial if {
	some pair in examined
	before := leaves(pair.kind, pair.before)
	after := leaves(pair.kind, pair.after)
	some pointer in object.keys(before) | object.keys(after)
	was := object.get(before, pointer, "absent")
	is := object.get(after, pointer, "absent")
	was != is
	denial := {
		"id": "TRN003",
		"message": sprintf("%s %s cannot change %s from %s to %s", [pair.kind, pair.name, pointer, was, is]),
		"path": fixed.fields[pair.kind].statement,
		"file": pair.file,
		"pointer": pointer,
		"before": was,
		"after": is,
	}
}
