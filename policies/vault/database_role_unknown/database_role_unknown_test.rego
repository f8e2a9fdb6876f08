package vault.database_role_unknown_test

import data.vault.database_role_unknown
import rego.v1

document(roles) := {
	"vault": {"file": "p", "documents": [
		{"path": "database/config/db", "data": {"plugin_name": "postgresql-database-plugin", "username": "manager"}},
		{"path": "database/static-roles/api", "data": {"username": "api"}},
	]},
	"documents": [{"file": "c", "object": {
		"kind": "Cluster",
		"metadata": {"name": "db"},
		"spec": {"managed": {"roles": roles}},
	}}],
}

manager := {"name": "manager", "login": true, "passwordSecret": {"name": "s"}}

test_roles_that_are_declared_for_their_use_pass if {
	database_role_unknown.deny == set() with input as document([manager, {"name": "api", "login": true}])
}

test_a_role_with_the_wrong_password_or_name_is_denied if {
	given := {"name": "api", "login": true, "passwordSecret": {"name": "t"}}
	every roles in [[manager], [manager, given], [manager, {"name": "api", "login": false}]] {
		denials := database_role_unknown.deny with input as document(roles)
		{denial.pointer | some denial in denials} == {"/documents/1/data/username"}
	}
}
