# METADATA
# title: The role that serves may change the schema
# description: >-
#   Whoever owns a table may disable its triggers, and delete the history that they keep. So the API serves as a role that
#   owns nothing, and is a member of nothing but another such role; and nobody can log in as the owner.
# custom:
#   id: STO018
#   severity: error
#   owner: data
#   remediation: >-
#     Give the database to an owner that cannot log in, and the API a role without memberships and attributes beside it.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package stores.serving_role_owns

import data.lib.kubernetes
import data.lib.stores
import rego.v1

# Each declared role that serves or owns the database.
examined contains use if {
	some name in serving | owners
	some role in stores.roles
	role.fields.name == name
	use := {"role": role.fields, "file": role.file, "pointer": role.pointer}
}

# Each login of a role that is declared nowhere.
examined contains use if {
	some login in stores.logins
	login.role in serving - declared
	use := {"role": {"name": login.role}, "file": login.file, "pointer": login.pointer}
}

serving contains role if {
	some login in stores.logins
	login.serves
	role := login.role
}

declared contains name if {
	some role in stores.roles
	name := role.fields.name
}

attributes := ["superuser", "createdb", "createrole", "replication", "bypassrls"]

# powerless holds the declared roles that own nothing, are members of nothing, and have no attribute.
powerless contains name if {
	some role in stores.roles
	name := role.fields.name
	count({name} & owners) == 0
	count(object.get(role.fields, "inRoles", [])) == 0
	every attribute in attributes {
		object.get(role.fields, attribute, false) == false
	}
}

owners contains owner if {
	some item in kubernetes.objects
	item.kind == "Database"
	owner := item.spec.owner
}

owners contains owner if {
	some cluster in stores.clusters
	some method in ["initdb", "recovery"]
	owner := cluster.spec.bootstrap[method].owner
}

faults(use) := {fault |
	use.role.name in serving
	some fault, found in {
		"serves, and owns the database": use.role.name in owners,
		"serves, and is declared in no Cluster": count({use.role.name} - declared) > 0,
		"serves, and is a member of other roles": count({of | some of in object.get(use.role, "inRoles", [])} - powerless) > 0,
	}
	found
} | {fault |
	use.role.name in serving
	some attribute in attributes
	object.get(use.role, attribute, false) != false
	fault := sprintf("serves, and has the attribute %s", [attribute])
} | {fault |
	use.role.name in owners
	object.get(use.role, "login", false) != false
	fault := "owns the database and can log in"
}

deny contains denial if {
	some use in examined
	some fault in faults(use)
	denial := {
		"id": "STO018",
		"message": sprintf("the role %s %s", [use.role.name, fault]),
		"path": ["access_control", "infrastructure", "principle"],
		"file": use.file,
		"pointer": use.pointer,
	}
}
