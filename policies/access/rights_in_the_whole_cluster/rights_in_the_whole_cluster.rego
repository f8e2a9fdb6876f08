# METADATA
# title: Rights reach beyond a namespace
# description: >-
#   A right in the whole cluster holds in the namespaces of every other system too, and in those that do not exist
#   yet.
# custom:
#   id: ACC009
#   severity: error
#   owner: security
#   remediation: Render a Role and a RoleBinding in the namespace that is meant.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package access.rights_in_the_whole_cluster

import data.lib.access
import data.thresholds
import rego.v1

kinds := {"ClusterRole", "ClusterRoleBinding"}

examined contains item if some item in access.roles | access.bindings

# A workload that shows its own token to Vault has to be allowed to have it reviewed, which knows no namespace.
harmless := {role.name |
	some role in access.roles
	role.kind == "ClusterRole"
	given := {{"group": right.group, "resource": right.resource, "verb": right.verb} |
		some right in access.rights
		right.role.file == role.file
		right.role.name == role.name
	}
	count(given) > 0
	count(given - {right | some right in thresholds.cluster_rights}) == 0
}

delegated(item) if {
	item.kind == "ClusterRole"
	item.name in harmless
}

delegated(item) if {
	item.kind == "ClusterRoleBinding"
	item.role.name in harmless
	{subject.kind | some subject in item.subjects} == {"ServiceAccount"}
}

deny contains denial if {
	some item in examined
	item.kind in kinds
	not delegated(item)
	denial := {
		"id": "ACC009",
		"message": sprintf("the %s %s gives rights in the whole cluster", [item.kind, item.name]),
		"path": ["access_control", "infrastructure", "principle"],
		"file": item.file,
		"pointer": "/kind",
	}
}
