# METADATA
# title: Rendered rights
# description: The rules of every role, and the subjects of every binding.
package lib.access

import rego.v1

role_kinds := {"ClusterRole", "Role"}

binding_kinds := {"ClusterRoleBinding", "RoleBinding"}

# roles holds every role by kind, namespace and name.
roles contains role if {
	some document in input.documents
	document.object.kind in role_kinds
	role := object.union(named(document), {"rules": object.get(document.object, "rules", [])})
}

# bindings holds every binding with the role that it refers to and whom it gives it to.
bindings contains binding if {
	some document in input.documents
	document.object.kind in binding_kinds
	binding := object.union(named(document), {
		"role": object.get(document.object, "roleRef", {}),
		"subjects": object.get(document.object, "subjects", []),
	})
}

# rights holds each combination of API group, resource and verb that a rule of a role gives, with the role's name and
# place.
rights contains right if {
	some role in roles
	holder := object.remove(role, ["rules"])
	some index, rule in role.rules
	some group in object.get(rule, "apiGroups", [""])
	some resource in object.get(rule, "resources", [""])
	some verb in object.get(rule, "verbs", [""])
	right := {
		"role": holder,
		"group": group,
		"resource": resource,
		"verb": verb,
		"names": object.get(rule, "resourceNames", []),
		"pointer": sprintf("/rules/%d", [index]),
	}
}

# held_by returns the subjects that a role is given to.
held_by(role) := {subject |
	some binding in bindings
	binding.namespace == role.namespace
	binding.role.kind == role.kind
	binding.role.name == role.name
	some subject in binding.subjects
}

named(document) := {
	"file": document.file,
	"kind": document.object.kind,
	"name": object.get(document.object, ["metadata", "name"], ""),
	"namespace": object.get(document.object, ["metadata", "namespace"], ""),
}
