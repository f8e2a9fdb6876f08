package vault.password_of_another_role_test

import data.vault.password_of_another_role
import rego.v1

holding(spec) := {
	"vault": {"documents": [{"path": "database/static-roles/r", "data": {"username": "migrator"}}]},
	"documents": [
		{"file": "s.yaml", "object": {
			"kind": "ExternalSecret",
			"metadata": {"name": "s", "namespace": "n"},
			"spec": {"data": [{"remoteRef": {"key": "static-creds/r"}}]},
		}},
		{"file": "d.yaml", "object": {
			"kind": "Deployment",
			"metadata": {"name": "d", "namespace": "n"},
			"spec": {"template": {"spec": spec}},
		}},
	],
}

ways := [
	{"volumes": [{"secret": {"secretName": "s"}}]},
	{"volumes": [{"projected": {"sources": [{"secret": {"name": "s"}}]}}]},
	{"containers": [{"name": "c", "env": [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "s"}}}]}]},
	{"containers": [{"name": "c", "envFrom": [{"secretRef": {"name": "s"}}]}]},
]

test_a_password_is_found_however_a_pod_gets_it if {
	every spec in ways {
		denials := password_of_another_role.deny with input as holding(spec)
		{denial.message | some denial in denials} == {concat("", [
			"the pods of the Deployment d hold the password of migrator, ",
			"and none of their addresses names that role",
		])}
	}
}

test_other_secrets_are_no_concern if {
	spec := {"volumes": [{"secret": {"secretName": "t"}}]}
	password_of_another_role.examined == set() with input as holding(spec)
}
