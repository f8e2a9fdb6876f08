package secrets.password_rendered_test

import data.secrets.password_rendered
import rego.v1

rendered(fields) := {
	"documents": [{"file": "d.yaml", "object": object.union({"kind": "ConfigMap"}, fields)}],
	"vault": {"file": "p.yaml", "documents": []},
}

test_literals_are_found_by_their_names if {
	places := {
		"/data/password": {"data": {"password": "hunter2"}},
		"/spec/env/0/value": {"spec": {"env": [{"name": "DATABASE_PASSWORD", "value": "hunter2"}]}},
		"/data/app.properties": {"data": {"app.properties": "name = a\npassword = hunter2\n"}},
		"/data/settings.json": {"data": {"settings.json": `{"api_key": "hunter2"}`}},
	}
	every pointer, fields in places {
		denials := password_rendered.deny with input as rendered(fields)
		{denial.pointer | some denial in denials} == {pointer}
	}
}

test_references_are_none if {
	every fields in [
		{"data": {"password": "{{ .password }}"}},
		{"data": {"password": ""}},
		{"spec": {"env": [{"name": "PASSWORD_FILE", "value": "/run/password"}]}},
		{"spec": {"env": [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "a", "key": "password"}}}]}},
		{"data": {"app.properties": "password = ${PASSWORD}"}},
	] {
		password_rendered.deny == set() with input as rendered(fields)
	}
}
