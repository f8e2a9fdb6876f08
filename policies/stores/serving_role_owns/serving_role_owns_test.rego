package stores.serving_role_owns_test

import data.stores.serving_role_owns
import rego.v1

documents(roles, url) := {"documents": [
	{"file": "c.yaml", "object": {
		"kind": "Cluster",
		"metadata": {"name": "db"},
		"spec": {"bootstrap": {"recovery": {"owner": "owner"}}, "managed": {"roles": roles}},
	}},
	{"file": "d.yaml", "object": {
		"kind": "Deployment",
		"metadata": {"name": "d"},
		"spec": {"template": {"spec": {"containers": [{"name": "c", "env": [{
			"name": "CBP_DATABASE_DIRECT_URL",
			"value": url,
		}]}]}}},
	}},
]}

owner := {"name": "owner", "login": false}

said(roles, url) := {denial.message | some denial in denials} if {
	denials := serving_role_owns.deny with input as documents(roles, url)
}

test_a_role_beside_the_owner_passes if {
	said([owner, {"name": "api", "login": true}], "postgresql://api@db/c") == set()
}

test_each_power_is_named if {
	roles := [owner, {"name": "api", "login": true, "bypassrls": true, "inRoles": ["owner"]}]
	said(roles, "postgresql://api@db/c") == {
		"the role api serves, and has the attribute bypassrls",
		"the role api serves, and is a member of other roles",
	}
}

test_nobody_serves_or_logs_in_as_the_owner if {
	said([{"name": "owner", "login": true}], "postgresql://owner@db/c") == {
		"the role owner serves, and owns the database",
		"the role owner owns the database and can log in",
	}
	said([owner], "postgresql://stranger@db/c") == {"the role stranger serves, and is declared in no Cluster"}
}

declared(member_of) := {"documents": array.concat(
	documents([owner, {"name": "api", "login": true}, {"name": "migrator", "inRoles": ["owner"]}], "postgresql://reader@db/c").documents,
	[{"file": "r.yaml", "object": {
		"kind": "DatabaseRole",
		"metadata": {"name": "reader"},
		"spec": {"name": "reader", "login": true, "inRoles": member_of},
	}}],
)}

test_a_role_may_be_a_member_of_one_that_has_no_power if {
	serving_role_owns.deny == set() with input as declared(["api"])
	every power in ["owner", "migrator", "stranger"] {
		denials := serving_role_owns.deny with input as declared([power])
		{[denial.message, denial.file] | some denial in denials} == {["the role reader serves, and is a member of other roles", "r.yaml"]}
	}
}
